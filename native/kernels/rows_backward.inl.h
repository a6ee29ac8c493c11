// Rows, backward. kCentred, kWeight, kGiven and kSums are chosen once for each call, so that the loops have no branch.
// Included by isa/*.cc inside its namespace; no include guard.

template <bool kFull, bool kWeight, typename V>
EVENKEEL_INLINE V weighted(V dy, const typename V::Scalar* weight, size_t n) {
  // g = dy * weight
  if constexpr (kWeight) return mul(dy, load_part<kFull, V>(weight, n));
  return dy;
}

// The operands of one row, or of a part of one.
template <typename T>
struct RowGradient {
  const T* dy;
  const T* x;
  const T* weight;
  size_t length;
  RowFold<T> fold;
};

template <typename V, bool kCentred, bool kWeight>
struct RowGradientSums {
  const RowGradient<typename V::Scalar>& row;
  RowVectors<V> k;
  Lanes<V> s1 = zero_lanes<V>();
  Lanes<V> s2 = zero_lanes<V>();

  template <bool kFull>
  EVENKEEL_MEMBER void step(size_t i, size_t valid) {
    for (size_t j = 0; j < kRegisters<V>; ++j) {
      const size_t lanes = lanes_of<V>(valid, j);
      const size_t at = i + j * V::width;
      // s1 += g; s2 += g * xhat
      const V g = weighted<kFull, kWeight>(load_part<kFull, V>(row.dy + at, lanes), row.weight + at, lanes);
      const V xhat = normalized<kCentred>(load_part<kFull, V>(row.x + at, lanes), k);
      s1.v[j] = add(s1.v[j], g);
      s2.v[j] = add(s2.v[j], mask_part<kFull>(mul(g, xhat), lanes));
    }
  }
};

template <typename V, bool kCentred, bool kWeight>
EVENKEEL_INLINE Sums row_gradient_sums(const RowGradient<typename V::Scalar>& row) {
  return sums_of_blocks<V>(row.length, RowGradientSums<V, kCentred, kWeight>{row, row_vectors<V>(row.fold)});
}

// The operands of a row and its numbers. prefetch_at: how many elements ahead dy and x are prefetched.
template <typename V>
struct RowGradientMapArguments {
  using T = typename V::Scalar;
  RowGradientMapArguments(const RowsBackward<T>& io, size_t row, size_t prefetch_at, const RowGradientFold<T>& fold)
      : dy(io.dy + row * io.length),
        x(io.x + row * io.length),
        dx(io.dx + row * io.length),
        weight(io.weight),
        dweight(io.dweight),
        dbias(io.dbias),
        dy_prefetcher(dy, prefetch_at),
        x_prefetcher(x, prefetch_at),
        k(row_vectors<V>(fold.row)),
        k2(V::broadcast(fold.k2)),
        k1(V::broadcast(fold.k1)) {}
  const T* dy;
  const T* x;
  T* dx;
  const T* weight;
  T* dweight;
  T* dbias;
  Prefetcher dy_prefetcher, x_prefetcher;
  RowVectors<V> k;
  V k2, k1;
};

template <typename V, bool kCentred, bool kWeight, bool kGiven, bool kSums>
struct RowGradientMap {
  const RowGradientMapArguments<V> row;

  EVENKEEL_MEMBER void prefetch_at(size_t i) const {
    const size_t bytes = i * sizeof(typename V::Scalar);
    row.dy_prefetcher.ask(bytes);
    row.x_prefetcher.ask(bytes);
  }

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) const {
    const V dy = load_part<kFull, V>(row.dy + i, n);
    V xhat = V::zero();
    if constexpr (kSums || !kGiven) xhat = normalized<kCentred>(load_part<kFull, V>(row.x + i, n), row.k);
    if constexpr (kSums) {
      // dweight += dy * xhat; dbias += dy
      store_part<kFull>(row.dweight + i, add(load_part<kFull, V>(row.dweight + i, n), mul(dy, xhat)), n);
      store_part<kFull>(row.dbias + i, add(load_part<kFull, V>(row.dbias + i, n), dy), n);
    }
    // dx = (g * r + xhat * k2) + k1; without k1 where not centred; g * r where the statistics are given
    V value = mul(weighted<kFull, kWeight>(dy, row.weight + i, n), row.k.r);
    if constexpr (!kGiven) value = add(value, mul(xhat, row.k2));
    if constexpr (!kGiven && kCentred) value = add(value, row.k1);
    put<kFull, kNonTemporal>(row.dx + i, value, n);
  }
};

template <typename V, bool kCentred, bool kWeight>
EVENKEEL_INLINE RowGradientFold<typename V::Scalar> reduce_gradient(const RowsBackward<typename V::Scalar>& io,
                                                                    size_t row) {
  using T = typename V::Scalar;
  const RowFold<T> fold = fold_row<T>(io.mean[row], io.variance[row], io.eps);
  const size_t at = row * io.length;
  const Sums sums = row_gradient_sums<V, kCentred, kWeight>({io.dy + at, io.x + at, io.weight, io.length, fold});
  return fold_row_gradient<T>(fold, rstd_of(io.variance[row], io.eps), sums.s1, sums.s2, io.length);
}

template <typename V, bool kCentred, bool kWeight, bool kGiven, bool kSums>
EVENKEEL_INLINE void map_gradient(const RowsBackward<typename V::Scalar>& io, size_t row, size_t prefetch_at,
                                  const RowGradientFold<typename V::Scalar>& fold) {
  const RowGradientMap<V, kCentred, kWeight, kGiven, kSums> map{RowGradientMapArguments<V>(io, row, prefetch_at, fold)};
  if (io.prefetches) Prefetcher(map.row.dx, prefetch_at).lines(io.length * sizeof(typename V::Scalar));
  map_all<V>(map.row.dx, io.length, io.non_temporal, map);
}

// Reduces row i + 1 before it maps row i. The divisions and the square root of row i take as long as a few hundred
// elements, and overlap with the sums of row i + 1. (docs/decisions/0014 tells why reduce and map do not take turns
// here, as in forward.) Returns the first row that is not ordinary and sets *first to its fold; that row is not mapped
// yet. Returns `rows` if all are mapped. first_known: the row `begin` is mapped with *first, even if it is not
// ordinary.
template <typename V, bool kCentred, bool kWeight, bool kSums>
EVENKEEL_INLINE size_t backward_ordinary(const RowsBackward<typename V::Scalar>& io, size_t begin, size_t rows,
                                         bool first_known, RowGradientFold<typename V::Scalar>* first) {
  using T = typename V::Scalar;
  const size_t prefetch_at = larger(2 * io.length, kMapPrefetchDistance<T>);
  const bool all_statistics =
      all_statistics_are_ordinary<T>(io.mean + begin, io.variance + begin, rows - begin, io.eps);
  RowGradientFold<T> fold = first_known ? *first : reduce_gradient<V, kCentred, kWeight>(io, begin);
  for (size_t row = begin; row < rows; ++row) {
    RowGradientFold<T> next_fold = fold;
    if (row + 1 < rows) next_fold = reduce_gradient<V, kCentred, kWeight>(io, row + 1);
    const bool ordinary = is_ordinary_gradient(fold.k2, fold.k1) &&
                          (all_statistics || are_ordinary_statistics<T>(io.mean[row], io.variance[row], io.eps));
    if (!ordinary && !(first_known && row == begin)) {
      *first = fold;
      return row;
    }
    map_gradient<V, kCentred, kWeight, false, kSums>(io, row, prefetch_at, fold);
    fold = next_fold;
  }
  return rows;
}

template <typename V, bool kCentred, bool kWeight, bool kSums>
static void backward_all(const RowsBackward<typename V::Scalar>& io, size_t rows) {
  RowGradientFold<typename V::Scalar> first{};
  bool first_known = false;
  for (size_t row = 0; row < rows;) {
    row = backward_ordinary<V, kCentred, kWeight, kSums>(io, row, rows, first_known, &first);
    if (row == rows) return;
    first_known = !map_wide_gradient_row(io, row, &first);
    if (!first_known) ++row;
  }
}

// Maps a part of one row, whose sums are known. io.dweight, io.dbias: [length] or null.
template <typename V, bool kCentred, bool kWeight, bool kGiven>
EVENKEEL_INLINE void part_map_sums(const RowsBackward<typename V::Scalar>& io,
                                   const RowGradientFold<typename V::Scalar>& fold) {
  if (io.dweight) return map_gradient<V, kCentred, kWeight, kGiven, true>(io, 0, 0, fold);
  return map_gradient<V, kCentred, kWeight, kGiven, false>(io, 0, 0, fold);
}

template <typename V, bool kCentred, bool kWeight>
EVENKEEL_INLINE void part_map_given(const RowsBackward<typename V::Scalar>& io,
                                    const RowGradientFold<typename V::Scalar>& fold) {
  if (io.given) return part_map_sums<V, kCentred, kWeight, true>(io, fold);
  return part_map_sums<V, kCentred, kWeight, false>(io, fold);
}

template <typename V>
static void part_map_gradient(const RowsBackward<typename V::Scalar>& io, RowGradientFold<typename V::Scalar> fold) {
  if (io.centred) {
    if (io.weight) return part_map_given<V, true, true>(io, fold);
    return part_map_given<V, true, false>(io, fold);
  }
  if (io.weight) return part_map_given<V, false, true>(io, fold);
  return part_map_given<V, false, false>(io, fold);
}

template <typename V>
static Sums part_gradient_sums(const RowsBackward<typename V::Scalar>& io, RowFold<typename V::Scalar> fold) {
  const RowGradient<typename V::Scalar> row{io.dy, io.x, io.weight, io.length, fold};
  if (io.centred) return row.weight ? row_gradient_sums<V, true, true>(row) : row_gradient_sums<V, true, false>(row);
  return row.weight ? row_gradient_sums<V, false, true>(row) : row_gradient_sums<V, false, false>(row);
}

// Rows whose statistics are given need no sums for dx. They are rare, so each is mapped as a part of a row is. Then
// backward_all has half as many instances.
template <typename V>
static void given_rows_backward(const RowsBackward<typename V::Scalar>& io, size_t rows) {
  using T = typename V::Scalar;
  for (size_t row = 0; row < rows; ++row) {
    RowGradientFold<T> fold{fold_row<T>(io.mean[row], io.variance[row], io.eps), 0, 0};
    const bool ordinary = are_ordinary_statistics<T>(io.mean[row], io.variance[row], io.eps);
    if (!ordinary && map_wide_gradient_row(io, row, &fold)) continue;
    RowsBackward<T> part = io;
    part.dy += row * io.length;
    part.x += row * io.length;
    part.dx += row * io.length;
    part.prefetches = false;
    part_map_gradient<V>(part, fold);
  }
}

template <typename V, bool kCentred, bool kWeight>
EVENKEEL_INLINE void backward_sums(const RowsBackward<typename V::Scalar>& io, size_t rows) {
  if (io.dweight) return backward_all<V, kCentred, kWeight, true>(io, rows);
  return backward_all<V, kCentred, kWeight, false>(io, rows);
}

template <typename V>
static void rows_backward(const RowsBackward<typename V::Scalar>& io, size_t rows) {
  if (io.given) return given_rows_backward<V>(io, rows);
  if (io.centred) {
    if (io.weight) return backward_sums<V, true, true>(io, rows);
    return backward_sums<V, true, false>(io, rows);
  }
  if (io.weight) return backward_sums<V, false, true>(io, rows);
  return backward_sums<V, false, false>(io, rows);
}
