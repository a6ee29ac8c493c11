// Reduce of gradients and map over rows: weight and bias run along the row. Included by isa/*.cc inside its namespace;
// no include guard. kCentred, kWeight and kBias are chosen once per row, so that the loops have no branch.

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

template <bool kFull, bool kCentred, bool kWeight, bool kBias, typename V>
EVENKEEL_INLINE void rows_map_part(const typename V::Scalar* x, typename V::Scalar* y, size_t n,
                                   const typename V::Scalar* weight, const typename V::Scalar* bias,
                                   const RowVectors<V>& k) {
  // y = xhat * weight + bias
  V value = normalized<kCentred>(load_part<kFull, V>(x, n), k);
  if constexpr (kWeight) value = mul(value, load_part<kFull, V>(weight, n));
  if constexpr (kBias) value = add(value, load_part<kFull, V>(bias, n));
  store_part<kFull>(y, value, n);
}

template <typename V, bool kCentred, bool kWeight, bool kBias>
EVENKEEL_INLINE void rows_map_loop(const typename V::Scalar* x, typename V::Scalar* y, size_t n,
                                   const typename V::Scalar* weight, const typename V::Scalar* bias,
                                   const RowVectors<V>& k) {
  size_t i = 0;
  for (; i + V::width <= n; i += V::width) {
    rows_map_part<true, kCentred, kWeight, kBias, V>(x + i, y + i, V::width, weight + i, bias + i, k);
  }
  if (i < n) rows_map_part<false, kCentred, kWeight, kBias, V>(x + i, y + i, n - i, weight + i, bias + i, k);
}

template <typename V, bool kCentred>
EVENKEEL_INLINE void rows_map_affine(const typename V::Scalar* x, typename V::Scalar* y, size_t n,
                                     const typename V::Scalar* weight, const typename V::Scalar* bias,
                                     const RowVectors<V>& k) {
  if (weight && bias) return rows_map_loop<V, kCentred, true, true>(x, y, n, weight, bias, k);
  if (weight) return rows_map_loop<V, kCentred, true, false>(x, y, n, weight, x, k);
  if (bias) return rows_map_loop<V, kCentred, false, true>(x, y, n, x, bias, k);
  return rows_map_loop<V, kCentred, false, false>(x, y, n, x, x, k);
}

template <typename V>
static void rows_map(const typename V::Scalar* x, typename V::Scalar* y, size_t n, const typename V::Scalar* weight,
                     const typename V::Scalar* bias, RowFold<typename V::Scalar> fold, bool centred) {
  const RowVectors<V> k = row_vectors<V>(fold);
  if (centred) return rows_map_affine<V, true>(x, y, n, weight, bias, k);
  return rows_map_affine<V, false>(x, y, n, weight, bias, k);
}

template <bool kFull, bool kWeight, typename V>
EVENKEEL_INLINE V weighted(const typename V::Scalar* dy, const typename V::Scalar* weight, size_t n) {
  // g = dy * weight
  const V g = load_part<kFull, V>(dy, n);
  if constexpr (kWeight) return mul(g, load_part<kFull, V>(weight, n));
  return g;
}

template <bool kFull, bool kCentred, bool kWeight, typename V>
EVENKEEL_INLINE void rows_gradient_step(const RowGradient<typename V::Scalar>& row, size_t i, size_t valid,
                                        const RowVectors<V>& k, Lanes<V>& s1, Lanes<V>& s2) {
  for (size_t j = 0; j < kRegisters<V>; ++j) {
    const size_t lanes = lanes_of<V>(valid, j);
    const size_t at = i + j * V::width;
    // s1 += g; s2 += g * xhat
    const V g = weighted<kFull, kWeight, V>(row.dy + at, kWeight ? row.weight + at : nullptr, lanes);
    const V xhat = normalized<kCentred>(load_part<kFull, V>(row.x + at, lanes), k);
    s1.v[j] = add(s1.v[j], g);
    s2.v[j] = add(s2.v[j], mask_part<kFull>(mul(g, xhat), lanes));
  }
}

template <typename V, bool kCentred, bool kWeight>
static Sums rows_gradient_sums_loop(const RowGradient<typename V::Scalar>& row) {
  using T = typename V::Scalar;
  constexpr size_t step = kLanes<T>;
  const RowVectors<V> k = row_vectors<V>(row.fold);
  Sums sums{0, 0};
  for (size_t block = 0; block < row.length; block += kBlock<T>) {
    const size_t end = smaller(block + kBlock<T>, row.length);
    Lanes<V> lanes1 = zero_lanes<V>();
    Lanes<V> lanes2 = zero_lanes<V>();
    size_t i = block;
    for (; i + step <= end; i += step) rows_gradient_step<true, kCentred, kWeight, V>(row, i, step, k, lanes1, lanes2);
    if (i < end) rows_gradient_step<false, kCentred, kWeight, V>(row, i, end - i, k, lanes1, lanes2);
    sums.s1 += tree_sum(lanes1);
    sums.s2 += tree_sum(lanes2);
  }
  return sums;
}

template <typename V>
static Sums rows_gradient_sums(const RowGradient<typename V::Scalar>& row) {
  if (row.centred) {
    return row.weight ? rows_gradient_sums_loop<V, true, true>(row) : rows_gradient_sums_loop<V, true, false>(row);
  }
  return row.weight ? rows_gradient_sums_loop<V, false, true>(row) : rows_gradient_sums_loop<V, false, false>(row);
}

template <bool kFull, bool kCentred, typename V>
EVENKEEL_INLINE void rows_column_sums_part(const RowGradient<typename V::Scalar>& row, size_t i, size_t n,
                                           typename V::Scalar* dweight, typename V::Scalar* dbias,
                                           const RowVectors<V>& k) {
  // dweight += dy * xhat; dbias += dy
  const V g = load_part<kFull, V>(row.dy + i, n);
  const V xhat = normalized<kCentred>(load_part<kFull, V>(row.x + i, n), k);
  store_part<kFull>(dweight + i, add(load_part<kFull, V>(dweight + i, n), mul(g, xhat)), n);
  store_part<kFull>(dbias + i, add(load_part<kFull, V>(dbias + i, n), g), n);
}

template <typename V, bool kCentred>
static void rows_column_sums_loop(const RowGradient<typename V::Scalar>& row, typename V::Scalar* dweight,
                                  typename V::Scalar* dbias) {
  const RowVectors<V> k = row_vectors<V>(row.fold);
  size_t i = 0;
  for (; i + V::width <= row.length; i += V::width) {
    rows_column_sums_part<true, kCentred, V>(row, i, V::width, dweight, dbias, k);
  }
  if (i < row.length) rows_column_sums_part<false, kCentred, V>(row, i, row.length - i, dweight, dbias, k);
}

template <typename V>
static void rows_column_sums(const RowGradient<typename V::Scalar>& row, typename V::Scalar* dweight,
                             typename V::Scalar* dbias) {
  if (row.centred) return rows_column_sums_loop<V, true>(row, dweight, dbias);
  return rows_column_sums_loop<V, false>(row, dweight, dbias);
}

template <bool kFull, bool kCentred, bool kWeight, bool kGiven, typename V>
EVENKEEL_INLINE void rows_map_gradient_part(const RowGradient<typename V::Scalar>& row, size_t i, size_t n,
                                            typename V::Scalar* dx, const RowVectors<V>& k, V k2, V k1) {
  // dx = (g * r + xhat * k2) + k1; without k1 where not centred; g * r where the statistics are given
  const V g = weighted<kFull, kWeight, V>(row.dy + i, kWeight ? row.weight + i : nullptr, n);
  V value = mul(g, k.r);
  if constexpr (!kGiven) {
    value = add(value, mul(normalized<kCentred>(load_part<kFull, V>(row.x + i, n), k), k2));
    if constexpr (kCentred) value = add(value, k1);
  }
  store_part<kFull>(dx + i, value, n);
}

template <typename V, bool kCentred, bool kWeight, bool kGiven>
static void rows_map_gradient_loop(const RowGradient<typename V::Scalar>& row, typename V::Scalar* dx,
                                   typename V::Scalar k2, typename V::Scalar k1) {
  const RowVectors<V> k = row_vectors<V>(row.fold);
  const V v2 = V::broadcast(k2);
  const V v1 = V::broadcast(k1);
  size_t i = 0;
  for (; i + V::width <= row.length; i += V::width) {
    rows_map_gradient_part<true, kCentred, kWeight, kGiven, V>(row, i, V::width, dx, k, v2, v1);
  }
  if (i < row.length) {
    rows_map_gradient_part<false, kCentred, kWeight, kGiven, V>(row, i, row.length - i, dx, k, v2, v1);
  }
}

template <typename V>
static void rows_map_gradient(const RowGradient<typename V::Scalar>& row, typename V::Scalar* dx, typename V::Scalar k2,
                              typename V::Scalar k1) {
  if (row.centred) {
    if (row.weight) return rows_map_gradient_loop<V, true, true, false>(row, dx, k2, k1);
    return rows_map_gradient_loop<V, true, false, false>(row, dx, k2, k1);
  }
  if (row.weight) return rows_map_gradient_loop<V, false, true, false>(row, dx, k2, k1);
  return rows_map_gradient_loop<V, false, false, false>(row, dx, k2, k1);
}

template <typename V>
static void rows_map_given(const RowGradient<typename V::Scalar>& row, typename V::Scalar* dx) {
  if (row.weight) return rows_map_gradient_loop<V, true, true, true>(row, dx, 0, 0);
  return rows_map_gradient_loop<V, true, false, true>(row, dx, 0, 0);
}
