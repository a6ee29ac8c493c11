// Rows, backward. kCentred, kWeight, kGiven and kSums are chosen once for each call, so that the loops have no branch.
// Included by isa/*.cc inside its namespace; no include guard.

template <bool kFull, bool kWeight, typename V>
EVENKEEL_INLINE V weighted(V dy, const typename V::Scalar* weight, size_t n) {
  // g = dy * weight
  if constexpr (kWeight) return mul(dy, load_part<kFull, V>(weight, n));
  return dy;
}

// The operands of one row, or of a part of one.
template <typename X>
struct RowGradient {
  X dy;
  X x;
  const typename X::Scalar* weight;
  size_t length;
  RowFold<typename X::Scalar> fold;
};

template <typename X, bool kCentred, bool kWeight>
struct RowGradientSums {
  using V = typename X::Vector;
  const RowGradient<X>& row;
  RowVectors<V> k;
  Lanes<V> s1 = zero_lanes<V>();
  Lanes<V> s2 = zero_lanes<V>();

  template <bool kFull>
  EVENKEEL_MEMBER void step(size_t i, size_t valid) {
    for (size_t j = 0; j < kRegisters<V>; ++j) {
      const size_t lanes = lanes_of<V>(valid, j);
      const size_t at = i + j * V::width;
      // s1 += g; s2 += g * xhat
      const V g = weighted<kFull, kWeight>(row.dy.template load<kFull>(at, lanes), row.weight + at, lanes);
      const V xhat = normalized<kCentred>(row.x.template load<kFull>(at, lanes), k);
      s1.v[j] = add(s1.v[j], g);
      s2.v[j] = add(s2.v[j], mask_part<kFull>(mul(g, xhat), lanes));
    }
  }
};

template <bool kCentred, bool kWeight, typename X>
EVENKEEL_INLINE Sums row_gradient_sums(const RowGradient<X>& row) {
  const auto k = row_vectors<typename X::Vector>(row.fold);
  return sums_of_blocks(row.length, RowGradientSums<X, kCentred, kWeight>{row, k});
}

// What the gradient map of a row reads, and the column sums that it adds to. distance: how many elements ahead dy and x
// are prefetched.
template <typename S>
struct RowGradientMapArguments {
  using T = Compute<S>;
  using V = VectorOf<S>;
  RowGradientMapArguments(const RowsBackward<S>& io, size_t row, size_t distance, const RowGradientFold<T>& fold)
      : dy{io.dy + row * io.length},
        x{io.x + row * io.length},
        weight(io.weight),
        dweight(io.dweight),
        dbias(io.dbias),
        dy_ahead(dy.ahead(distance)),
        x_ahead(x.ahead(distance)),
        k(row_vectors<V>(fold.row)),
        k2(V::broadcast(fold.k2)),
        k1(V::broadcast(fold.k1)) {}
  Source<S> dy;
  Source<S> x;
  const T* weight;
  T* dweight;
  T* dbias;
  Prefetcher dy_ahead, x_ahead;
  RowVectors<V> k;
  V k2, k1;
};

template <typename S, bool kCentred, bool kWeight, bool kGiven, bool kSums>
struct RowGradientMap {
  using V = VectorOf<S>;
  const RowGradientMapArguments<S> row;
  const Sink<S> out;

  EVENKEEL_MEMBER void prefetch_at(size_t i) const {
    row.dy_ahead.line(i * sizeof(S));
    row.x_ahead.line(i * sizeof(S));
  }

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) const {
    const V dy = row.dy.template load<kFull>(i, n);
    V xhat = V::zero();
    if constexpr (kSums || !kGiven) xhat = normalized<kCentred>(row.x.template load<kFull>(i, n), row.k);
    if constexpr (kSums) {
      // dweight += dy * xhat; dbias += dy
      store_part<kFull>(row.dweight + i, add(load_part<kFull, V>(row.dweight + i, n), mul(dy, xhat)), n);
      store_part<kFull>(row.dbias + i, add(load_part<kFull, V>(row.dbias + i, n), dy), n);
    }
    // dx = (g * r + xhat * k2) + k1; without k1 where not centred; g * r where the statistics are given
    V value = mul(weighted<kFull, kWeight>(dy, row.weight + i, n), row.k.r);
    if constexpr (!kGiven) value = add(value, mul(xhat, row.k2));
    if constexpr (!kGiven && kCentred) value = add(value, row.k1);
    out.template put<kFull, kNonTemporal>(i, value, n);
  }
};

template <bool kCentred, bool kWeight, typename S>
EVENKEEL_INLINE RowGradientFold<Compute<S>> reduce_gradient(const RowsBackward<S>& io, size_t row) {
  using T = Compute<S>;
  const RowFold<T> fold = fold_row<T>(io.mean[row], io.variance[row], io.eps);
  const size_t at = row * io.length;
  const RowGradient<Source<S>> operands{{io.dy + at}, {io.x + at}, io.weight, io.length, fold};
  const Sums sums = row_gradient_sums<kCentred, kWeight>(operands);
  return fold_row_gradient<T>(fold, rstd_of(io.variance[row], io.eps), sums.s1, sums.s2, io.length);
}

template <bool kCentred, bool kWeight, bool kGiven, bool kSums, typename S>
EVENKEEL_INLINE void map_gradient(const RowsBackward<S>& io, size_t row, size_t distance,
                                  const RowGradientFold<Compute<S>>& fold) {
  const RowGradientMap<S, kCentred, kWeight, kGiven, kSums> map{RowGradientMapArguments<S>(io, row, distance, fold),
                                                                {io.dx + row * io.length, io.stores}};
  if (io.stores == Stores::prefetched) map.out.ahead(distance).lines(io.length * sizeof(S));
  map_all(io.length, map);
}

// Reduces row i + 1 before it maps row i. The divisions and the square root of row i take as long as a few hundred
// elements, and overlap with the sums of row i + 1. (docs/decisions/0014 tells why reduce and map do not take turns
// here, as in forward.) Returns the first row that is not ordinary and sets *first to its fold; that row is not mapped
// yet. Returns `rows` if all are mapped. first_known: the row `begin` is mapped with *first, even if it is not
// ordinary.
template <bool kCentred, bool kWeight, bool kSums, typename S>
EVENKEEL_INLINE size_t backward_ordinary(const RowsBackward<S>& io, size_t begin, size_t rows, bool first_known,
                                         RowGradientFold<Compute<S>>* first) {
  using T = Compute<S>;
  const size_t distance = larger(2 * io.length, kMapPrefetchDistance<S>);
  const bool all_statistics =
      all_statistics_are_ordinary<T>(io.mean + begin, io.variance + begin, rows - begin, io.eps);
  RowGradientFold<T> fold = first_known ? *first : reduce_gradient<kCentred, kWeight>(io, begin);
  for (size_t row = begin; row < rows; ++row) {
    RowGradientFold<T> next_fold = fold;
    if (row + 1 < rows) next_fold = reduce_gradient<kCentred, kWeight>(io, row + 1);
    const bool ordinary = is_ordinary_gradient(fold.k2, fold.k1) &&
                          (all_statistics || are_ordinary_statistics<T>(io.mean[row], io.variance[row], io.eps));
    if (!ordinary && !(first_known && row == begin)) {
      *first = fold;
      return row;
    }
    map_gradient<kCentred, kWeight, false, kSums>(io, row, distance, fold);
    fold = next_fold;
  }
  return rows;
}

template <bool kCentred, bool kWeight, bool kSums, typename S>
static void backward_all(const RowsBackward<S>& io, size_t rows) {
  RowGradientFold<Compute<S>> first{};
  bool first_known = false;
  for (size_t row = 0; row < rows;) {
    row = backward_ordinary<kCentred, kWeight, kSums>(io, row, rows, first_known, &first);
    if (row == rows) return;
    first_known = !map_wide_gradient_row(io, row);
    if (!first_known) ++row;
  }
}

// Maps a part of one row, whose sums are known. io.dweight, io.dbias: [length] or null.
template <bool kCentred, bool kWeight, bool kGiven, typename S>
EVENKEEL_INLINE void part_map_sums(const RowsBackward<S>& io, const RowGradientFold<Compute<S>>& fold) {
  if (io.dweight) return map_gradient<kCentred, kWeight, kGiven, true>(io, 0, 0, fold);
  return map_gradient<kCentred, kWeight, kGiven, false>(io, 0, 0, fold);
}

template <bool kCentred, bool kWeight, typename S>
EVENKEEL_INLINE void part_map_given(const RowsBackward<S>& io, const RowGradientFold<Compute<S>>& fold) {
  if (io.given) return part_map_sums<kCentred, kWeight, true>(io, fold);
  return part_map_sums<kCentred, kWeight, false>(io, fold);
}

template <typename S>
static void part_map_gradient(const RowsBackward<S>& io, RowGradientFold<Compute<S>> fold) {
  if (io.centred) {
    if (io.weight) return part_map_given<true, true>(io, fold);
    return part_map_given<true, false>(io, fold);
  }
  if (io.weight) return part_map_given<false, true>(io, fold);
  return part_map_given<false, false>(io, fold);
}

template <typename S>
static Sums part_gradient_sums(const RowsBackward<S>& io, RowFold<Compute<S>> fold) {
  const RowGradient<Source<S>> row{{io.dy}, {io.x}, io.weight, io.length, fold};
  if (io.centred) return row.weight ? row_gradient_sums<true, true>(row) : row_gradient_sums<true, false>(row);
  return row.weight ? row_gradient_sums<false, true>(row) : row_gradient_sums<false, false>(row);
}

// Rows whose statistics are given need no sums for dx. They are rare, so each is mapped as a part of a row is. Then
// backward_all has half as many instances.
template <typename S>
static void given_rows_backward(const RowsBackward<S>& io, size_t rows) {
  using T = Compute<S>;
  for (size_t row = 0; row < rows; ++row) {
    const RowGradientFold<T> fold{fold_row<T>(io.mean[row], io.variance[row], io.eps), 0, 0};
    const bool ordinary = are_ordinary_statistics<T>(io.mean[row], io.variance[row], io.eps);
    if (!ordinary && map_wide_gradient_row(io, row)) continue;
    RowsBackward<S> part = io;
    part.dy += row * io.length;
    part.x += row * io.length;
    part.dx += row * io.length;
    if (part.stores == Stores::prefetched) part.stores = Stores::cached;
    part_map_gradient(part, fold);
  }
}

template <bool kCentred, bool kWeight, typename S>
EVENKEEL_INLINE void backward_sums(const RowsBackward<S>& io, size_t rows) {
  if (io.dweight) return backward_all<kCentred, kWeight, true>(io, rows);
  return backward_all<kCentred, kWeight, false>(io, rows);
}

template <typename S>
static void rows_backward(const RowsBackward<S>& io, size_t rows) {
  if (io.given) return given_rows_backward(io, rows);
  if (io.centred) {
    if (io.weight) return backward_sums<true, true>(io, rows);
    return backward_sums<true, false>(io, rows);
  }
  if (io.weight) return backward_sums<false, true>(io, rows);
  return backward_sums<false, false>(io, rows);
}
