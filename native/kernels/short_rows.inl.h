// Rows of at most a block, in bundles of several rows. The divisions and square roots of a bundle overlap, and no
// function is called between reduce and map. The arithmetic of each row is that of spans.inl.h and rows.inl.h. Included
// by isa/*.cc inside its namespace; no include guard.

// The number of rows in a bundle. Their sums fit a vector of float64 on AVX2, where larger bundles gain nothing.
constexpr size_t kBundle = 4;
// The longest rows that are bundled; at most a block. Bundles of longer rows are slower when the rows come from memory
// (docs/decisions/0006).
constexpr size_t kShortRowBytes = 1024;

// The statistics of the rows from x on. mean, variance: [kBundle].
template <typename S, typename X>
EVENKEEL_INLINE void short_moments(const RowsForward<S>& io, X x, double* mean, double* variance) {
  using T = typename X::Scalar;
  const size_t n = io.length;
  const double count = static_cast<double>(n);
  const size_t head = head_of<T>(n);
  NothingBeside nothing;
  // shift has type T, not double with rounded values: GCC 12 loses the rounding when it vectorizes those.
  T shift[kBundle] = {};
  double s1[kBundle] = {};
  double s2[kBundle] = {};
  if (io.centred) {
    for (size_t r = 0; r < kBundle; ++r) s1[r] = head_sum(x + r * n, head);
    for (size_t r = 0; r < kBundle; ++r) shift[r] = static_cast<T>(s1[r] / static_cast<double>(head));
    for (size_t r = 0; r < kBundle; ++r) {
      const Sums sums = shifted_sums(x + r * n, n, shift[r], nothing);
      s1[r] = sums.s1;
      s2[r] = sums.s2;
    }
    for (size_t r = 0; r < kBundle; ++r) {
      const Moments entry = finish_moments(shift[r], s1[r], s2[r], count);
      mean[r] = entry.mean;
      variance[r] = entry.m2 / count;
    }
  } else {
    for (size_t r = 0; r < kBundle; ++r) {
      s2[r] = squares_sum(x + r * n, n, nothing);
      mean[r] = 0;
      variance[r] = s2[r] / count;
    }
  }
  if (sizeof(T) == 8) return;
  for (size_t r = 0; r < kBundle; ++r) {
    if (squares_trusted(io.centred || s2[r] != 0 ? s1[r] : 1, s2[r])) continue;
    const Moments entry = wide_moments(x + r * n, n, 1, io.centred);
    mean[r] = entry.mean;
    variance[r] = entry.m2 / count;
  }
}

// The map of a bundle's rows together: weight and bias are read once for all of them. The members are copies, because a
// vector store may change what a reference refers to.
template <typename X, typename S, bool kCentred, bool kWeight, bool kBias>
struct BundleMap {
  using V = typename X::Vector;
  const X x;
  const Sink<S> out;
  const size_t length;
  const typename X::Scalar* const weights;
  const typename X::Scalar* const biases;
  RowVectors<V> k[kBundle];

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) const {
    V weight;
    V bias;
    if constexpr (kWeight) weight = load_part<kFull, V>(weights + i, n);
    if constexpr (kBias) bias = load_part<kFull, V>(biases + i, n);
    for (size_t r = 0; r < kBundle; ++r) {
      const size_t at = r * length + i;
      // y = xhat * weight + bias
      V value = normalized<kCentred>(x.template load<kFull>(at, n), k[r]);
      if constexpr (kWeight) value = mul(value, weight);
      if constexpr (kBias) value = add(value, bias);
      out.template put<kFull, kNonTemporal>(at, value, n);
    }
  }
};

template <bool kCentred, bool kWeight, bool kBias, typename S>
static void map_bundle(const RowsForward<S>& io, size_t row, const RowFold<Compute<S>>* folds) {
  const size_t n = io.length;
  const Source<S> x{io.x + row * n};
  const Sink<S> y{io.y + row * n, io.stores};
  BundleMap<Source<S>, S, kCentred, kWeight, kBias> map{x, y, n, io.weight, io.bias, {}};
  for (size_t r = 0; r < kBundle; ++r) map.k[r] = row_vectors<VectorOf<S>>(folds[r]);
  if (io.stores == Stores::prefetched) {
    const size_t bytes = kBundle * n * sizeof(S);
    x.ahead(kMapPrefetchDistance<S>).lines(bytes);
    y.ahead(kMapPrefetchDistance<S>).lines(bytes);
  }
  map_rest(0, n, map);
}

// Whether all rows of a bundle are ordinary, by few comparisons. It may be false if they are. Sums of non-negative
// numbers are bounds for each of them.
template <typename T>
EVENKEEL_INLINE bool surely_ordinary(const double* variance, double eps, const RowFold<T>* folds) {
  T means = 0;
  T scales = 0;
  double spreads = eps;
  for (size_t r = 0; r < kBundle; ++r) {
    means += std::fabs(folds[r].mh);
    scales += folds[r].r;
    spreads += variance[r];
  }
  return means < static_cast<T>(Range<T>::kMean) && scales < static_cast<T>(Range<T>::kLargestScale) &&
         spreads < Range<T>::kLargestSpread;
}

// Maps the rows [begin, end) one after another: for bundles with rows that may not be ordinary, and for a bias without
// a weight.
template <typename S>
static void map_rows(const RowsForward<S>& io, size_t begin, size_t end) {
  using T = Compute<S>;
  const size_t n = io.length;
  for (size_t row = begin; row < end; ++row) {
    if (!are_ordinary_statistics<T>(io.mean[row], io.variance[row], io.eps) && map_wide_row(io, row)) continue;
    const Source<S> x{io.x + row * n};
    const RowFold<T> fold = fold_row<T>(io.mean[row], io.variance[row], io.eps);
    row_map(RowMapArguments<Source<S>>{x, n, io.weight, io.bias, fold, x}, Sink<S>{io.y + row * n, io.stores},
            io.centred);
  }
}

// A bias without a weight is rare, and has no loop of its own.
template <bool kCentred, typename S>
EVENKEEL_INLINE void map_bundle_affine(const RowsForward<S>& io, size_t row, const RowFold<Compute<S>>* folds) {
  if (io.weight && io.bias) return map_bundle<kCentred, true, true>(io, row, folds);
  if (io.bias) return map_rows(io, row, row + kBundle);
  if (io.weight) return map_bundle<kCentred, true, false>(io, row, folds);
  return map_bundle<kCentred, false, false>(io, row, folds);
}

// Processes all whole bundles. Returns the first row after them.
template <typename S>
static size_t short_rows_forward(const RowsForward<S>& io, size_t rows) {
  using T = Compute<S>;
  size_t row = 0;
  for (; row + kBundle <= rows; row += kBundle) {
    double* mean = io.mean + row;
    double* variance = io.variance + row;
    RowFold<T> folds[kBundle];
    short_moments(io, Source<S>{io.x + row * io.length}, mean, variance);
    for (size_t r = 0; r < kBundle; ++r) folds[r] = fold_row<T>(mean[r], variance[r], io.eps);
    if (!surely_ordinary(variance, io.eps, folds)) {
      map_rows(io, row, row + kBundle);
    } else if (io.centred) {
      map_bundle_affine<true>(io, row, folds);
    } else {
      map_bundle_affine<false>(io, row, folds);
    }
  }
  return row;
}
