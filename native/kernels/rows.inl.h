// The forward map of one row, or of a part of one. Weight and bias have an element for each element of the row.
// kCentred, kWeight and kBias are chosen once for each row, so that the loops have no branch. Included by isa/*.cc
// inside its namespace; no include guard.

template <typename V>
struct RowVectors {
  V mh, r, c;
};

template <typename V, typename T>
EVENKEEL_INLINE RowVectors<V> row_vectors(RowFold<T> fold) {
  return {V::broadcast(fold.mh), V::broadcast(fold.r), V::broadcast(fold.c)};
}

template <bool kCentred, typename V>
EVENKEEL_INLINE V normalized(V x, const RowVectors<V>& k) {
  // xhat = (x - mh) * r + c, or x * r where the mean is taken as 0
  if constexpr (kCentred) return add(mul(sub(x, k.mh), k.r), k.c);
  return mul(x, k.r);
}

// What the map of a row reads.
template <typename X>
struct RowMapArguments {
  X x;
  size_t length;
  const typename X::Scalar* weight;
  const typename X::Scalar* bias;
  RowFold<typename X::Scalar> fold;
  // The elements that are prefetched meanwhile: as many as this row has, further on.
  X next;
};

template <typename X, typename S, bool kCentred, bool kWeight, bool kBias>
struct RowMap {
  using V = typename X::Vector;
  const RowMapArguments<X> row;
  const Sink<S> out;
  const RowVectors<V> k;

  EVENKEEL_MEMBER void prefetch_at(size_t i) const { row.next.ahead(i).line(0); }

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) const {
    // y = xhat * weight + bias
    V value = normalized<kCentred>(row.x.template load<kFull>(i, n), k);
    if constexpr (kWeight) value = mul(value, load_part<kFull, V>(row.weight + i, n));
    if constexpr (kBias) value = add(value, load_part<kFull, V>(row.bias + i, n));
    out.template put<kFull, kNonTemporal>(i, value, n);
  }
};

template <bool kCentred, bool kWeight, bool kBias, typename X, typename S>
EVENKEEL_INLINE void row_map_loop(const RowMapArguments<X>& row, const Sink<S>& y) {
  map_all(row.length, RowMap<X, S, kCentred, kWeight, kBias>{row, y, row_vectors<typename X::Vector>(row.fold)});
}

template <bool kCentred, typename X, typename S>
EVENKEEL_INLINE void row_map_affine(const RowMapArguments<X>& row, const Sink<S>& y) {
  if (row.weight && row.bias) return row_map_loop<kCentred, true, true>(row, y);
  if (row.weight) return row_map_loop<kCentred, true, false>(row, y);
  if (row.bias) return row_map_loop<kCentred, false, true>(row, y);
  return row_map_loop<kCentred, false, false>(row, y);
}

template <typename X, typename S>
static void row_map(const RowMapArguments<X>& row, const Sink<S>& y, bool centred) {
  if (centred) return row_map_affine<true>(row, y);
  return row_map_affine<false>(row, y);
}

template <typename S>
static void part_map(const S* x, S* y, size_t n, Stores stores, const Compute<S>* weight, const Compute<S>* bias,
                     RowFold<Compute<S>> fold, bool centred) {
  // No row follows. The row's own cache lines are prefetched instead; they are already in the cache.
  row_map(RowMapArguments<Source<S>>{{x}, n, weight, bias, fold, {x}}, Sink<S>{y, stores}, centred);
}
