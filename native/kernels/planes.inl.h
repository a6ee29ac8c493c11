// Map over planes: the numbers of a channel are scalars. Included by isa/*.cc inside its namespace; no include guard.

template <bool kFull, typename V>
EVENKEEL_INLINE void planes_map_part(const typename V::Scalar* x, typename V::Scalar* y, size_t n, V mh, V a, V b) {
  // y = (x - mh) * a + b
  store_part<kFull>(y, add(mul(sub(load_part<kFull, V>(x, n), mh), a), b), n);
}

template <typename V>
static void planes_map(const typename V::Scalar* x, typename V::Scalar* y, size_t n, typename V::Scalar mh,
                       typename V::Scalar a, typename V::Scalar b) {
  const V mean = V::broadcast(mh);
  const V scale = V::broadcast(a);
  const V shift = V::broadcast(b);
  size_t i = 0;
  for (; i + V::width <= n; i += V::width) planes_map_part<true>(x + i, y + i, V::width, mean, scale, shift);
  if (i < n) planes_map_part<false>(x + i, y + i, n - i, mean, scale, shift);
}

template <typename V>
struct PlaneGradient {
  V mh, r, a, k2, k1;
};

template <bool kFull, typename V>
EVENKEEL_INLINE void planes_map_gradient_part(const typename V::Scalar* dy, const typename V::Scalar* x,
                                              typename V::Scalar* dx, size_t n, const PlaneGradient<V>& k) {
  // dx = (dy * a + ((x - mh) * r) * k2) + k1
  const V xr = mul(sub(load_part<kFull, V>(x, n), k.mh), k.r);
  const V direct = mul(load_part<kFull, V>(dy, n), k.a);
  store_part<kFull>(dx, add(add(direct, mul(xr, k.k2)), k.k1), n);
}

template <typename V>
static void planes_map_gradient(const typename V::Scalar* dy, const typename V::Scalar* x, typename V::Scalar* dx,
                                size_t n, typename V::Scalar mh, typename V::Scalar r, typename V::Scalar a,
                                typename V::Scalar k2, typename V::Scalar k1) {
  const PlaneGradient<V> k{V::broadcast(mh), V::broadcast(r), V::broadcast(a), V::broadcast(k2), V::broadcast(k1)};
  size_t i = 0;
  for (; i + V::width <= n; i += V::width) planes_map_gradient_part<true, V>(dy + i, x + i, dx + i, V::width, k);
  if (i < n) planes_map_gradient_part<false, V>(dy + i, x + i, dx + i, n - i, k);
}

template <typename V>
static void planes_map_given(const typename V::Scalar* dy, typename V::Scalar* dx, size_t n, typename V::Scalar a) {
  const V scale = V::broadcast(a);
  size_t i = 0;
  // dx = dy * a
  for (; i + V::width <= n; i += V::width) store(dx + i, mul(V::load(dy + i), scale));
  if (i < n) store_first(dx + i, mul(V::load_first(dy + i, n - i), scale), n - i);
}
