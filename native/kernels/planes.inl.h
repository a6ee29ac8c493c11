// Map over planes: the numbers of a channel are scalars. Included by isa/*.cc inside its namespace; no include guard.
// While a tile is mapped, the next one is fetched: `next` is how far away it lies, 0 where there is none. Then,
// forward in the cache, the lines of the result are asked for.

template <typename V>
struct PlaneMap {
  using T = typename V::Scalar;
  PlaneMap(const T* x, T* y, Prefetcher lines, PlaneFold<T> k)
      : x(x), y(y), lines(lines), mh(V::broadcast(k.mh)), a(V::broadcast(k.a)), b(V::broadcast(k.b)) {}
  const T* x;
  T* y;
  Prefetcher lines;
  V mh, a, b;

  EVENKEEL_MEMBER void prefetch_at(size_t i) const { lines.ask(i * sizeof(T)); }

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) const {
    // y = (x - mh) * a + b
    put<kFull, kNonTemporal>(y + i, add(mul(sub(load_part<kFull, V>(x + i, n), mh), a), b), n);
  }
};

template <typename V>
static void planes_map(const typename V::Scalar* x, typename V::Scalar* y, size_t n, size_t next, bool non_temporal,
                       PlaneFold<typename V::Scalar> k) {
  const Prefetcher lines =
      next > 0 || non_temporal ? Prefetcher(x, next) : Prefetcher(y, kMapPrefetchDistance<typename V::Scalar>);
  map_all<V>(y, n, non_temporal, PlaneMap<V>(x, y, lines, k));
}

template <typename V>
struct PlaneGradientMap {
  using T = typename V::Scalar;
  PlaneGradientMap(const T* dy, const T* x, T* dx, size_t next, PlaneGradientFold<T> k)
      : dy(dy),
        x(x),
        dx(dx),
        dy_prefetcher(dy, next),
        x_prefetcher(x, next),
        mh(V::broadcast(k.mh)),
        r(V::broadcast(k.r)),
        a(V::broadcast(k.a)),
        k2(V::broadcast(k.k2)),
        k1(V::broadcast(k.k1)) {}
  const T* dy;
  const T* x;
  T* dx;
  Prefetcher dy_prefetcher, x_prefetcher;
  V mh, r, a, k2, k1;

  EVENKEEL_MEMBER void prefetch_at(size_t i) const {
    x_prefetcher.ask(i * sizeof(T));
    dy_prefetcher.ask(i * sizeof(T));
  }

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) const {
    // dx = (dy * a + ((x - mh) * r) * k2) + k1
    const V xr = mul(sub(load_part<kFull, V>(x + i, n), mh), r);
    const V direct = mul(load_part<kFull, V>(dy + i, n), a);
    put<kFull, kNonTemporal>(dx + i, add(add(direct, mul(xr, k2)), k1), n);
  }
};

template <typename V>
static void planes_map_gradient(const typename V::Scalar* dy, const typename V::Scalar* x, typename V::Scalar* dx,
                                size_t n, size_t next, bool non_temporal, PlaneGradientFold<typename V::Scalar> k) {
  PlaneGradientMap<V> map(dy, x, dx, next, k);
  map_all<V>(dx, n, non_temporal, map);
}

template <typename V>
struct PlaneGivenMap : NoPrefetch {
  using T = typename V::Scalar;
  PlaneGivenMap(const T* dy, T* dx, T a) : dy(dy), dx(dx), a(V::broadcast(a)) {}
  const T* dy;
  T* dx;
  V a;

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) const {
    // dx = dy * a
    put<kFull, kNonTemporal>(dx + i, mul(load_part<kFull, V>(dy + i, n), a), n);
  }
};

template <typename V>
static void planes_map_given(const typename V::Scalar* dy, typename V::Scalar* dx, size_t n, bool non_temporal,
                             typename V::Scalar a) {
  PlaneGivenMap<V> map(dy, dx, a);
  map_all<V>(dx, n, non_temporal, map);
}
