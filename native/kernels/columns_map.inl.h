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

template <typename S>
struct ColumnMap {
  using V = VectorOf<S>;
  ColumnMap(Source<S> x, const Sink<S>& y, size_t channels, const ColumnFolds<Compute<S>>& k)
      : x(x),
        out(y),
        ahead(y.non_temporal() ? x.ahead(0) : y.ahead(kMapPrefetchDistance<S>)),
        channel{0, channels},
        k(k) {}
  Source<S> x;
  Sink<S> out;
  Prefetcher ahead;
  Channel channel;
  const ColumnFolds<Compute<S>> k;

  EVENKEEL_MEMBER void prefetch_at(size_t i) const { ahead.line(i * sizeof(S)); }

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) {
    const size_t c = channel.next(n);
    // y = (x - mh) * a + b
    const V centred = sub(x.template load<kFull>(i, n), load_part<kFull, V>(k.mh + c, n));
    const V scaled = mul(centred, load_part<kFull, V>(k.a + c, n));
    out.template put<kFull, kNonTemporal>(i, add(scaled, load_part<kFull, V>(k.b + c, n)), n);
  }
};

template <typename S>
static void columns_map(const S* x, S* y, size_t rows, size_t channels, Stores stores,
                        const ColumnFolds<Compute<S>>& k) {
  map_all(rows * channels, ColumnMap<S>({x}, {y, stores}, channels, k));
}

template <typename S>
struct ColumnGradientMap : NoPrefetch {
  using V = VectorOf<S>;
  ColumnGradientMap(Source<S> dy, Source<S> x, const Sink<S>& dx, size_t channels,
                    const ColumnGradientFolds<Compute<S>>& k)
      : dy(dy), x(x), out(dx), channel{0, channels}, k(k) {}
  Source<S> dy;
  Source<S> x;
  Sink<S> out;
  Channel channel;
  const ColumnGradientFolds<Compute<S>> k;

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) {
    const size_t c = channel.next(n);
    // dx = (dy * a + ((x - mh) * r) * k2) + k1
    const V centred = sub(x.template load<kFull>(i, n), load_part<kFull, V>(k.mh + c, n));
    const V xr = mul(centred, load_part<kFull, V>(k.r + c, n));
    const V direct = mul(dy.template load<kFull>(i, n), load_part<kFull, V>(k.a + c, n));
    const V value = add(direct, mul(xr, load_part<kFull, V>(k.k2 + c, n)));
    out.template put<kFull, kNonTemporal>(i, add(value, load_part<kFull, V>(k.k1 + c, n)), n);
  }
};

template <typename S>
static void columns_map_gradient(const S* dy, const S* x, S* dx, size_t rows, size_t channels, Stores stores,
                                 const ColumnGradientFolds<Compute<S>>& k) {
  map_all(rows * channels, ColumnGradientMap<S>({dy}, {x}, {dx, stores}, channels, k));
}

template <typename S>
struct ColumnGivenMap : NoPrefetch {
  using V = VectorOf<S>;
  ColumnGivenMap(Source<S> dy, const Sink<S>& dx, size_t channels, const Compute<S>* a)
      : dy(dy), out(dx), channel{0, channels}, a(a) {}
  Source<S> dy;
  Sink<S> out;
  Channel channel;
  const Compute<S>* a;

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) {
    // dx = dy * a
    const V scale = load_part<kFull, V>(a + channel.next(n), n);
    out.template put<kFull, kNonTemporal>(i, mul(dy.template load<kFull>(i, n), scale), n);
  }
};

template <typename S>
static void columns_map_given(const S* dy, S* dx, size_t rows, size_t channels, Stores stores, const Compute<S>* a) {
  map_all(rows * channels, ColumnGivenMap<S>({dy}, {dx, stores}, channels, a));
}
