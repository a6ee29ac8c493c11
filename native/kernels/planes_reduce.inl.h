// Reduce over blocks of planes. The lanes are not summed after each plane of a channel but once for a block, so that
// small planes share one tree of sums. Included by isa/*.cc inside its namespace; no include guard.

// The most channels in a bundle: all their shifts are computed before their sums, and their divisions overlap.
constexpr size_t kChannelBundle = 16;

// Adds the steps of each plane, in order. The last step of a plane may be a tail.
template <typename Reduce>
EVENKEEL_INLINE void reduce_planes(size_t planes, size_t spatial, size_t apart, Reduce& reduce) {
  constexpr size_t step = kLanes<typename Reduce::V::Scalar>;
  const size_t rest = spatial % step;
  const size_t whole = spatial - rest;
  for (size_t plane = 0; plane < planes; ++plane) {
    const size_t begin = plane * apart;
    for (size_t i = begin; i < begin + whole; i += step) reduce.template step<true>(i, step);
    if (rest > 0) reduce.template step<false>(begin + whole, rest);
  }
}

// The head of a block, which is its first two steps: of one plane, or one step of each of two planes.
template <typename T>
EVENKEEL_INLINE PlaneBlocks head_of(const PlaneBlocks& blocks) {
  const size_t planes = blocks.spatial > kLanes<T> ? 1 : smaller(blocks.planes, kShiftSteps);
  return {blocks.channels, planes, head_of<T>(blocks.spatial), blocks.apart};
}

// The moments of float32 values whose squares overflow or underflow float32, which is rare.
template <typename X>
static Moments wide_moments_of_planes(X x, const PlaneBlocks& blocks, bool centred) {
  const size_t n = blocks.planes * blocks.spatial;
  return wide_moments_at(x, n, centred,
                         [&](size_t i) { return i / blocks.spatial * blocks.apart + i % blocks.spatial; });
}

// finish_moments() of many channels, without branches, so that compilers vectorize the divisions.
template <typename T>
EVENKEEL_INLINE void finish_bundle(size_t channels, const T* shift, const double* s1, const double* s2, double count,
                                   double* mean, double* m2) {
  for (size_t c = 0; c < channels; ++c) {
    mean[c] = static_cast<double>(shift[c]) + s1[c] / count;
    const double squares = s2[c] - s1[c] * s1[c] / count;
    m2[c] = ((squares < 0) & (squares > -HUGE_VAL)) ? 0 : squares;
  }
}

EVENKEEL_INLINE bool all_squares_trusted(const double* s1, const double* s2, size_t channels) {
  size_t trusted = 0;
  for (size_t c = 0; c < channels; ++c) {
    trusted += ((s2[c] >= kSmallestTrustedSquares) & (s2[c] < HUGE_VAL)) | ((s1[c] == 0) & (s2[c] == 0));
  }
  return trusted == channels;
}

// As block_moments() (spans.inl.h), for the blocks of at most kChannelBundle channels.
template <typename X>
static void bundle_moments(X x, const PlaneBlocks& blocks, double* mean, double* m2) {
  using T = typename X::Scalar;
  const size_t channels = blocks.channels;
  const size_t spatial = blocks.spatial;
  const PlaneBlocks head = head_of<T>(blocks);
  const double head_count = static_cast<double>(head.planes * head.spatial);
  const double count = static_cast<double>(blocks.planes * spatial);
  // shift has type T; short_rows.inl.h has the reason.
  T shift[kChannelBundle];
  double s1[kChannelBundle];
  double s2[kChannelBundle];
  for (size_t c = 0; c < channels; ++c) {
    HeadSum<X> sum{x + c * spatial};
    reduce_planes(head.planes, head.spatial, head.apart, sum);
    s1[c] = tree_sum(sum.sum);
  }
  for (size_t c = 0; c < channels; ++c) shift[c] = static_cast<T>(s1[c] / head_count);
  for (size_t c = 0; c < channels; ++c) {
    ShiftedSums<X> sums{x + c * spatial, X::Vector::broadcast(shift[c])};
    reduce_planes(blocks.planes, spatial, blocks.apart, sums);
    s1[c] = tree_sum(sums.s1);
    s2[c] = tree_sum(sums.s2);
  }
  finish_bundle(channels, shift, s1, s2, count, mean, m2);
  if (sizeof(T) == 8 || all_squares_trusted(s1, s2, channels)) return;
  for (size_t c = 0; c < channels; ++c) {
    if (squares_trusted(s1[c], s2[c])) continue;
    const Moments entry = wide_moments_of_planes(x + c * spatial, blocks, true);
    mean[c] = entry.mean;
    m2[c] = entry.m2;
  }
}

// As block_squares() (spans.inl.h), for one channel. Returns M2; the mean is 0.
template <typename X>
static double plane_squares(X x, const PlaneBlocks& blocks) {
  SquaresSum<X> sum{x};
  reduce_planes(blocks.planes, blocks.spatial, blocks.apart, sum);
  const double s2 = tree_sum(sum.s2);
  const bool trusted = sizeof(typename X::Scalar) == 8 || squares_trusted(s2 == 0 ? 1 : 0, s2);
  return trusted ? s2 : wide_moments_of_planes(x, blocks, false).m2;
}

template <typename X>
static void moments_of_planes(X x, const PlaneBlocks& blocks, bool centred, double* mean, double* m2) {
  if (!centred) {
    for (size_t c = 0; c < blocks.channels; ++c) {
      mean[c] = 0;
      m2[c] = plane_squares(x + c * blocks.spatial, blocks);
    }
    return;
  }
  PlaneBlocks bundle = blocks;
  for (size_t c = 0; c < blocks.channels; c += kChannelBundle) {
    bundle.channels = smaller(kChannelBundle, blocks.channels - c);
    bundle_moments(x + c * blocks.spatial, bundle, mean + c, m2 + c);
  }
}

template <typename S>
static void planes_moments(const S* x, const PlaneBlocks& blocks, bool centred, double* mean, double* m2) {
  moments_of_planes(Source<S>{x}, blocks, centred, mean, m2);
}

// The gradient sums of blocks of one element each, where there is nothing to add up.
template <typename X>
EVENKEEL_INLINE void gradients_of_elements(X dy, X x, size_t n, const typename X::Scalar* mh,
                                           const typename X::Scalar* r, double* sum1, double* sum2) {
  using T = typename X::Scalar;
  for (size_t i = 0; i < n; ++i) {
    // 0 is added as in the lanes of other blocks, so that -0 becomes 0.
    const T xr = (x[i] - mh[i]) * r[i];
    sum1[i] = T{0} + dy[i];
    sum2[i] = T{0} + dy[i] * xr;
  }
}

template <typename S>
static void planes_gradient_sums(const S* dy_data, const S* x_data, const PlaneBlocks& blocks, const Compute<S>* mh,
                                 const Compute<S>* r, double* sum1, double* sum2) {
  using V = VectorOf<S>;
  const Source<S> dy{dy_data};
  const Source<S> x{x_data};
  if (blocks.planes * blocks.spatial == 1) return gradients_of_elements(dy, x, blocks.channels, mh, r, sum1, sum2);
  for (size_t c = 0; c < blocks.channels; ++c) {
    const size_t at = c * blocks.spatial;
    SpanGradientSums<Source<S>> sums{dy + at, x + at, V::broadcast(mh[c]), V::broadcast(r[c])};
    reduce_planes(blocks.planes, blocks.spatial, blocks.apart, sums);
    sum1[c] = tree_sum(sums.s1);
    sum2[c] = tree_sum(sums.s2);
  }
}
