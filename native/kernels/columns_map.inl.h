// Map over columns. Included by isa/*.cc inside its namespace; no include guard.
//
// It maps all rows as one span of elements, so that rows need no tails and may begin anywhere in a cache line. The
// numbers of the channels are repeated after the last one, for the length of a vector. So a vector across two rows
// finds the numbers of the first channels of the next row.

struct Channel {
  size_t c;
  const size_t channels;

  // Returns the channel of the next n elements, and advances by n.
  EVENKEEL_MEMBER size_t next(size_t n) {
    const size_t now = c;
    c += n;
    if (c >= channels) c = c - channels < channels ? c - channels : c % channels;
    return now;
  }
};

template <typename V>
struct ColumnMap {
  using T = typename V::Scalar;
  ColumnMap(const T* x, T* y, size_t channels, bool non_temporal, const ColumnFolds<T>& k)
      : x(x),
        y(y),
        lines(non_temporal ? Prefetcher(x, 0) : Prefetcher(y, kMapPrefetchDistance<T>)),
        channel{0, channels},
        k(k) {}
  const T* x;
  T* y;
  Prefetcher lines;
  Channel channel;
  const ColumnFolds<T> k;

  EVENKEEL_MEMBER void prefetch_at(size_t i) const { lines.ask(i * sizeof(T)); }

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) {
    const size_t c = channel.next(n);
    // y = (x - mh) * a + b
    const V centred = sub(load_part<kFull, V>(x + i, n), load_part<kFull, V>(k.mh + c, n));
    const V scaled = mul(centred, load_part<kFull, V>(k.a + c, n));
    put<kFull, kNonTemporal>(y + i, add(scaled, load_part<kFull, V>(k.b + c, n)), n);
  }
};

template <typename V>
static void columns_map(const typename V::Scalar* x, typename V::Scalar* y, size_t rows, size_t channels,
                        bool non_temporal, const ColumnFolds<typename V::Scalar>& k) {
  ColumnMap<V> map(x, y, channels, non_temporal, k);
  map_all<V>(y, rows * channels, non_temporal, map);
}

template <typename V>
struct ColumnGradientMap : NoPrefetch {
  using T = typename V::Scalar;
  ColumnGradientMap(const T* dy, const T* x, T* dx, size_t channels, const ColumnGradientFolds<T>& k)
      : dy(dy), x(x), dx(dx), channel{0, channels}, k(k) {}
  const T* dy;
  const T* x;
  T* dx;
  Channel channel;
  const ColumnGradientFolds<T> k;

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) {
    const size_t c = channel.next(n);
    // dx = (dy * a + ((x - mh) * r) * k2) + k1
    const V centred = sub(load_part<kFull, V>(x + i, n), load_part<kFull, V>(k.mh + c, n));
    const V xr = mul(centred, load_part<kFull, V>(k.r + c, n));
    const V direct = mul(load_part<kFull, V>(dy + i, n), load_part<kFull, V>(k.a + c, n));
    const V value = add(direct, mul(xr, load_part<kFull, V>(k.k2 + c, n)));
    put<kFull, kNonTemporal>(dx + i, add(value, load_part<kFull, V>(k.k1 + c, n)), n);
  }
};

template <typename V>
static void columns_map_gradient(const typename V::Scalar* dy, const typename V::Scalar* x, typename V::Scalar* dx,
                                 size_t rows, size_t channels, bool non_temporal,
                                 const ColumnGradientFolds<typename V::Scalar>& k) {
  ColumnGradientMap<V> map(dy, x, dx, channels, k);
  map_all<V>(dx, rows * channels, non_temporal, map);
}

template <typename V>
struct ColumnGivenMap : NoPrefetch {
  using T = typename V::Scalar;
  ColumnGivenMap(const T* dy, T* dx, size_t channels, const T* a) : dy(dy), dx(dx), channel{0, channels}, a(a) {}
  const T* dy;
  T* dx;
  Channel channel;
  const T* a;

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) {
    // dx = dy * a
    const V scale = load_part<kFull, V>(a + channel.next(n), n);
    put<kFull, kNonTemporal>(dx + i, mul(load_part<kFull, V>(dy + i, n), scale), n);
  }
};

template <typename V>
static void columns_map_given(const typename V::Scalar* dy, typename V::Scalar* dx, size_t rows, size_t channels,
                              bool non_temporal, const typename V::Scalar* a) {
  ColumnGivenMap<V> map(dy, dx, channels, a);
  map_all<V>(dx, rows * channels, non_temporal, map);
}
