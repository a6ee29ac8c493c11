// Reduce and map over columns: each channel is a lane of its own, so that no tree is needed. A panel is as many
// channels as a step has lanes; its sums stay in registers over a block of rows.
// Included by isa/*.cc inside its namespace; no include guard.

template <bool kFull, typename V>
EVENKEEL_INLINE Lanes<V> load_lanes(const typename V::Scalar* p, size_t valid) {
  Lanes<V> lanes;
  for (size_t j = 0; j < kRegisters<V>; ++j) {
    lanes.v[j] = load_part<kFull, V>(p + j * V::width, lanes_of<V>(valid, j));
  }
  return lanes;
}

template <typename V>
EVENKEEL_INLINE void store_lanes(typename V::Scalar* p, const Lanes<V>& lanes) {
  for (size_t j = 0; j < kRegisters<V>; ++j) store(p + j * V::width, lanes.v[j]);
}

// The mean of the first two rows, halved before adding so that it is exact on a constant and cannot overflow.
template <bool kFull, typename V>
EVENKEEL_INLINE Lanes<V> column_shift(const typename V::Scalar* x, size_t valid, size_t rows, size_t stride) {
  Lanes<V> shift = load_lanes<kFull, V>(x, valid);
  if (rows < kShiftSteps) return shift;
  const V half = V::broadcast(0.5);
  const Lanes<V> second = load_lanes<kFull, V>(x + stride, valid);
  // shift = x0 * 0.5 + x1 * 0.5
  for (size_t j = 0; j < kRegisters<V>; ++j) shift.v[j] = add(mul(shift.v[j], half), mul(second.v[j], half));
  return shift;
}

// From this many panels on, the CPU's own prefetching does not follow a panel from row to row: asking for the next
// block is 10 % faster at 256 channels, and 15 % slower at 64 (docs/decisions/0010).
constexpr size_t kFetchedPanels = 4;

// Asks for the same step of the next block.
template <typename T>
EVENKEEL_INLINE void fetch_next_block(const T* step, size_t stride) {
  if (stride < kFetchedPanels * kLanes<T>) return;
  const T* next = step + kSteps * stride;
  for (size_t i = 0; i < kLanes<T>; i += kCacheLine / sizeof(T)) prefetch(next + i);
}

// A panel's sums over a block of rows, in memory.
template <typename T>
struct PanelSums {
  T shift[kLanes<T>];
  T s1[kLanes<T>];
  T s2[kLanes<T>];
};

template <bool kFull, typename V>
EVENKEEL_INLINE void panel_moments(const typename V::Scalar* x, size_t valid, size_t rows, size_t stride, bool centred,
                                   PanelSums<typename V::Scalar>* sums) {
  const Lanes<V> shift = centred ? column_shift<kFull, V>(x, valid, rows, stride) : zero_lanes<V>();
  Lanes<V> s1 = zero_lanes<V>();
  Lanes<V> s2 = zero_lanes<V>();
  for (size_t row = 0; row < rows; ++row) {
    fetch_next_block(x + row * stride, stride);
    for (size_t j = 0; j < kRegisters<V>; ++j) {
      // d = x - shift; s1 += d; s2 += d * d. Lanes beyond the panel hold zeros: d = 0.
      const V d = sub(load_part<kFull, V>(x + row * stride + j * V::width, lanes_of<V>(valid, j)), shift.v[j]);
      s1.v[j] = add(s1.v[j], d);
      s2.v[j] = add(s2.v[j], mul(d, d));
    }
  }
  store_lanes(sums->shift, shift);
  store_lanes(sums->s1, s1);
  store_lanes(sums->s2, s2);
}

// mean, m2 of each channel of a panel, from its sums over `rows` rows.
template <typename T>
static void finish_panel(const T* x, size_t channels, size_t rows, size_t stride, bool centred,
                         const PanelSums<T>& sums, double* mean, double* m2) {
  const double n = static_cast<double>(rows);
  for (size_t c = 0; c < channels; ++c) {
    const Cell cell = finish_moments(sums.shift[c], sums.s1[c], sums.s2[c], n);
    mean[c] = centred ? cell.mean : 0;
    m2[c] = centred ? cell.m2 : static_cast<double>(sums.s2[c]);
  }
  if (sizeof(T) == 8) return;
  for (size_t c = 0; c < channels; ++c) {
    if (squares_trusted(sums.s1[c], sums.s2[c])) continue;
    const Cell cell = wide_moments(x + c, rows, stride, centred);
    mean[c] = cell.mean;
    m2[c] = cell.m2;
  }
}

template <typename V>
static void columns_moments(const typename V::Scalar* x, size_t rows, size_t channels, bool centred, double* mean,
                            double* m2) {
  using T = typename V::Scalar;
  constexpr size_t panel = kLanes<T>;
  PanelSums<T> sums;
  double block_mean[panel];
  double block_m2[panel];
  for (size_t row = 0; row < rows; row += kSteps) {
    const size_t block = smaller(kSteps, rows - row);
    for (size_t c = 0; c < channels; c += panel) {
      const T* at = x + row * channels + c;
      const size_t valid = smaller(panel, channels - c);
      if (valid == panel) {
        panel_moments<true, V>(at, panel, block, channels, centred, &sums);
      } else {
        panel_moments<false, V>(at, valid, block, channels, centred, &sums);
      }
      finish_panel(at, valid, block, channels, centred, sums, block_mean, block_m2);
      merge_columns(static_cast<double>(row), mean + c, m2 + c, static_cast<double>(block), block_mean, block_m2,
                    valid);
    }
  }
}

template <bool kFull, typename V>
EVENKEEL_INLINE void panel_gradient_sums(const typename V::Scalar* dy, const typename V::Scalar* x, size_t valid,
                                         size_t rows, size_t stride, const typename V::Scalar* mh,
                                         const typename V::Scalar* r, PanelSums<typename V::Scalar>* sums) {
  const Lanes<V> mean = load_lanes<kFull, V>(mh, valid);
  const Lanes<V> scale = load_lanes<kFull, V>(r, valid);
  Lanes<V> s1 = zero_lanes<V>();
  Lanes<V> s2 = zero_lanes<V>();
  for (size_t row = 0; row < rows; ++row) {
    fetch_next_block(x + row * stride, stride);
    fetch_next_block(dy + row * stride, stride);
    for (size_t j = 0; j < kRegisters<V>; ++j) {
      const size_t at = row * stride + j * V::width;
      const size_t lanes = lanes_of<V>(valid, j);
      // xr = (x - mh) * r; s1 += dy; s2 += dy * xr
      const V g = load_part<kFull, V>(dy + at, lanes);
      const V xr = mul(sub(load_part<kFull, V>(x + at, lanes), mean.v[j]), scale.v[j]);
      s1.v[j] = add(s1.v[j], g);
      s2.v[j] = add(s2.v[j], mul(g, xr));
    }
  }
  store_lanes(sums->s1, s1);
  store_lanes(sums->s2, s2);
}

template <typename V>
static void columns_gradient_sums(const typename V::Scalar* dy, const typename V::Scalar* x, size_t rows,
                                  size_t channels, const typename V::Scalar* mh, const typename V::Scalar* r,
                                  double* sum1, double* sum2) {
  using T = typename V::Scalar;
  constexpr size_t panel = kLanes<T>;
  PanelSums<T> sums;
  for (size_t row = 0; row < rows; row += kSteps) {
    const size_t block = smaller(kSteps, rows - row);
    for (size_t c = 0; c < channels; c += panel) {
      const size_t at = row * channels + c;
      const size_t valid = smaller(panel, channels - c);
      if (valid == panel) {
        panel_gradient_sums<true, V>(dy + at, x + at, panel, block, channels, mh + c, r + c, &sums);
      } else {
        panel_gradient_sums<false, V>(dy + at, x + at, valid, block, channels, mh + c, r + c, &sums);
      }
      for (size_t i = 0; i < valid; ++i) {
        sum1[c + i] += sums.s1[i];
        sum2[c + i] += sums.s2[i];
      }
    }
  }
}

// Maps over columns run over all rows as over one run of elements: lines of the result lie as they may, and rows need
// no tails. The numbers of the channels repeat past the last one, as long as a vector is, so that one that spans two
// rows finds those of the next row's first channels.
struct Channel {
  size_t c;
  const size_t channels;

  // The channel of the next n elements; moves on by them.
  EVENKEEL_MEMBER size_t next(size_t n) {
    const size_t now = c;
    c += n;
    if (c >= channels) c = c - channels < channels ? c - channels : c % channels;
    return now;
  }
};

template <typename V>
struct ColumnMap : NothingAhead {
  using T = typename V::Scalar;
  ColumnMap(const T* x, T* y, size_t channels, const ColumnFolds<T>& k) : x(x), y(y), channel{0, channels}, k(k) {}
  const T* x;
  T* y;
  Channel channel;
  const ColumnFolds<T> k;

  template <bool kFull, bool kStream>
  EVENKEEL_MEMBER void part(size_t i, size_t n) {
    const size_t c = channel.next(n);
    // y = (x - mh) * a + b
    const V centred = sub(load_part<kFull, V>(x + i, n), load_part<kFull, V>(k.mh + c, n));
    const V scaled = mul(centred, load_part<kFull, V>(k.a + c, n));
    put<kFull, kStream>(y + i, add(scaled, load_part<kFull, V>(k.b + c, n)), n);
  }
};

template <typename V>
static void columns_map(const typename V::Scalar* x, typename V::Scalar* y, size_t rows, size_t channels,
                        bool past_cache, const ColumnFolds<typename V::Scalar>& k) {
  ColumnMap<V> map(x, y, channels, k);
  map_all<V>(y, rows * channels, past_cache, map);
}

template <typename V>
struct ColumnGradientMap : NothingAhead {
  using T = typename V::Scalar;
  ColumnGradientMap(const T* dy, const T* x, T* dx, size_t channels, const ColumnGradientFolds<T>& k)
      : dy(dy), x(x), dx(dx), channel{0, channels}, k(k) {}
  const T* dy;
  const T* x;
  T* dx;
  Channel channel;
  const ColumnGradientFolds<T> k;

  template <bool kFull, bool kStream>
  EVENKEEL_MEMBER void part(size_t i, size_t n) {
    const size_t c = channel.next(n);
    // dx = (dy * a + ((x - mh) * r) * k2) + k1
    const V centred = sub(load_part<kFull, V>(x + i, n), load_part<kFull, V>(k.mh + c, n));
    const V xr = mul(centred, load_part<kFull, V>(k.r + c, n));
    const V direct = mul(load_part<kFull, V>(dy + i, n), load_part<kFull, V>(k.a + c, n));
    const V value = add(direct, mul(xr, load_part<kFull, V>(k.k2 + c, n)));
    put<kFull, kStream>(dx + i, add(value, load_part<kFull, V>(k.k1 + c, n)), n);
  }
};

template <typename V>
static void columns_map_gradient(const typename V::Scalar* dy, const typename V::Scalar* x, typename V::Scalar* dx,
                                 size_t rows, size_t channels, bool past_cache,
                                 const ColumnGradientFolds<typename V::Scalar>& k) {
  ColumnGradientMap<V> map(dy, x, dx, channels, k);
  map_all<V>(dx, rows * channels, past_cache, map);
}

template <typename V>
struct ColumnGivenMap : NothingAhead {
  using T = typename V::Scalar;
  ColumnGivenMap(const T* dy, T* dx, size_t channels, const T* a) : dy(dy), dx(dx), channel{0, channels}, a(a) {}
  const T* dy;
  T* dx;
  Channel channel;
  const T* a;

  template <bool kFull, bool kStream>
  EVENKEEL_MEMBER void part(size_t i, size_t n) {
    // dx = dy * a
    const V scale = load_part<kFull, V>(a + channel.next(n), n);
    put<kFull, kStream>(dx + i, mul(load_part<kFull, V>(dy + i, n), scale), n);
  }
};

template <typename V>
static void columns_map_given(const typename V::Scalar* dy, typename V::Scalar* dx, size_t rows, size_t channels,
                              bool past_cache, const typename V::Scalar* a) {
  ColumnGivenMap<V> map(dy, dx, channels, a);
  map_all<V>(dx, rows * channels, past_cache, map);
}
