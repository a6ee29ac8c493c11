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

// What the map of a row reads and writes.
template <typename T>
struct RowMapArguments {
  const T* x;
  T* y;
  size_t length;
  const T* weight;
  const T* bias;
  RowFold<T> fold;
  bool non_temporal;
  // The elements that are prefetched meanwhile: as many as this row has, further on.
  const T* next;
};

template <typename V, bool kCentred, bool kWeight, bool kBias>
struct RowMap {
  const RowMapArguments<typename V::Scalar> row;
  const RowVectors<V> k;

  EVENKEEL_MEMBER void prefetch_at(size_t i) const { prefetch(row.next + i); }

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) const {
    // y = xhat * weight + bias
    V value = normalized<kCentred>(load_part<kFull, V>(row.x + i, n), k);
    if constexpr (kWeight) value = mul(value, load_part<kFull, V>(row.weight + i, n));
    if constexpr (kBias) value = add(value, load_part<kFull, V>(row.bias + i, n));
    put<kFull, kNonTemporal>(row.y + i, value, n);
  }
};

template <typename V, bool kCentred, bool kWeight, bool kBias>
EVENKEEL_INLINE void row_map_loop(const RowMapArguments<typename V::Scalar>& row) {
  const RowMap<V, kCentred, kWeight, kBias> map{row, row_vectors<V>(row.fold)};
  map_all<V>(row.y, row.length, row.non_temporal, map);
}

template <typename V, bool kCentred>
EVENKEEL_INLINE void row_map_affine(const RowMapArguments<typename V::Scalar>& row) {
  if (row.weight && row.bias) return row_map_loop<V, kCentred, true, true>(row);
  if (row.weight) return row_map_loop<V, kCentred, true, false>(row);
  if (row.bias) return row_map_loop<V, kCentred, false, true>(row);
  return row_map_loop<V, kCentred, false, false>(row);
}

template <typename V>
static void row_map(const RowMapArguments<typename V::Scalar>& row, bool centred) {
  if (centred) return row_map_affine<V, true>(row);
  return row_map_affine<V, false>(row);
}

template <typename V>
static void part_map(const typename V::Scalar* x, typename V::Scalar* y, size_t n, bool non_temporal,
                     const typename V::Scalar* weight, const typename V::Scalar* bias, RowFold<typename V::Scalar> fold,
                     bool centred) {
  // No row follows. The row's own cache lines are prefetched instead; they are already in the cache.
  row_map<V>({x, y, n, weight, bias, fold, non_temporal, x}, centred);
}
