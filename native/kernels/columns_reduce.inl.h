// Reduce over columns. Each channel is a lane, so that no tree of sums is needed. A step has as many channels as lanes.
// Its sums stay in registers over a block of rows. Included by isa/*.cc inside its namespace; no include guard.

template <bool kFull, typename X>
EVENKEEL_INLINE Lanes<typename X::Vector> load_lanes(X x, size_t valid) {
  using V = typename X::Vector;
  Lanes<V> lanes;
  for (size_t j = 0; j < kRegisters<V>; ++j) {
    lanes.v[j] = x.template load<kFull>(j * V::width, lanes_of<V>(valid, j));
  }
  return lanes;
}

template <typename V>
EVENKEEL_INLINE void store_lanes(typename V::Scalar* p, const Lanes<V>& lanes) {
  for (size_t j = 0; j < kRegisters<V>; ++j) store(p + j * V::width, lanes.v[j]);
}

// The mean of the first two rows. Both are halved before they are added, so that it is exact on a constant and cannot
// overflow.
template <bool kFull, typename X>
EVENKEEL_INLINE Lanes<typename X::Vector> column_shift(X x, size_t valid, size_t rows, size_t stride) {
  using V = typename X::Vector;
  Lanes<V> shift = load_lanes<kFull>(x, valid);
  if (rows < kShiftSteps) return shift;
  const V half = V::broadcast(0.5);
  const Lanes<V> second = load_lanes<kFull>(x + stride, valid);
  // shift = x0 * 0.5 + x1 * 0.5
  for (size_t j = 0; j < kRegisters<V>; ++j) shift.v[j] = add(mul(shift.v[j], half), mul(second.v[j], half));
  return shift;
}

// Prefetches a step of the next block. The hardware prefetcher does not follow a step from row to row. The callers
// prefetch the next block in the order in which it lies in memory, not in the order in which its steps will be read:
// that is 20 to 30 % faster (docs/decisions/0010).
template <typename X>
EVENKEEL_INLINE void prefetch_step(X step) {
  step.ahead(0).lines(kLanes<typename X::Scalar> * X::kBytes);
}

// The sums of a step over a block of rows, in memory.
template <typename T>
struct StepSums {
  T shift[kLanes<T>];
  T s1[kLanes<T>];
  T s2[kLanes<T>];
};

template <bool kFull, typename X>
EVENKEEL_INLINE void step_moments(X x, size_t valid, size_t rows, size_t stride, bool centred, X next,
                                  StepSums<typename X::Scalar>* sums) {
  using V = typename X::Vector;
  const Lanes<V> shift = centred ? column_shift<kFull>(x, valid, rows, stride) : zero_lanes<V>();
  Lanes<V> s1 = zero_lanes<V>();
  Lanes<V> s2 = zero_lanes<V>();
  for (size_t row = 0; row < rows; ++row) {
    prefetch_step(next + row * kLanes<typename X::Scalar>);
    for (size_t j = 0; j < kRegisters<V>; ++j) {
      // d = x - shift; s1 += d; s2 += d * d. Lanes beyond the step hold zeros: d = 0.
      const V d = sub(x.template load<kFull>(row * stride + j * V::width, lanes_of<V>(valid, j)), shift.v[j]);
      s1.v[j] = add(s1.v[j], d);
      s2.v[j] = add(s2.v[j], mul(d, d));
    }
  }
  store_lanes(sums->shift, shift);
  store_lanes(sums->s1, s1);
  store_lanes(sums->s2, s2);
}

// mean, m2 of each channel of a step, from its sums over n rows. There is no branch. For a whole block of rows, n is a
// constant and a power of two, so that the divisions become multiplications.
template <typename T>
EVENKEEL_INLINE void finish_channels(const StepSums<T>& sums, size_t channels, double n, bool centred, double* mean,
                                     double* m2) {
  for (size_t c = 0; c < channels; ++c) {
    const Moments entry = finish_moments(sums.shift[c], sums.s1[c], sums.s2[c], n);
    mean[c] = centred ? entry.mean : 0;
    m2[c] = centred ? entry.m2 : static_cast<double>(sums.s2[c]);
  }
}

// Whether the squares of every channel can be trusted, whatever its sum. The loop counts, so that compilers vectorize
// it. A constant channel has no squares: it makes this false, and finish_wide() then tests each channel.
template <typename T>
EVENKEEL_INLINE bool all_trusted(const StepSums<T>& sums, size_t channels) {
  constexpr T smallest = static_cast<T>(kSmallestTrustedSquares);
  // Not constexpr: in Visual C++'s headers HUGE_VAL is a product that overflows, which is no constant expression.
  const T infinity = static_cast<T>(HUGE_VAL);
  int32_t trusted = 0;
  for (size_t c = 0; c < channels; ++c) trusted += (sums.s2[c] >= smallest) & (sums.s2[c] < infinity);
  return static_cast<size_t>(trusted) == channels;
}

// Replaces the moments of the channels of a step whose squares cannot be trusted, which is rare.
template <typename X>
static void finish_wide(X x, size_t channels, size_t rows, size_t stride, bool centred,
                        const StepSums<typename X::Scalar>& sums, double* mean, double* m2) {
  for (size_t c = 0; c < channels; ++c) {
    if (squares_trusted(sums.s1[c], sums.s2[c])) continue;
    const Moments entry = wide_moments(x + c, rows, stride, centred);
    mean[c] = entry.mean;
    m2[c] = entry.m2;
  }
}

template <typename X>
static void finish_step(X x, size_t channels, size_t rows, size_t stride, bool centred,
                        const StepSums<typename X::Scalar>& sums, double* mean, double* m2) {
  if (rows == kSteps) {
    finish_channels(sums, channels, static_cast<double>(kSteps), centred, mean, m2);
  } else {
    finish_channels(sums, channels, static_cast<double>(rows), centred, mean, m2);
  }
  if (sizeof(typename X::Scalar) == 8 || all_trusted(sums, channels)) return;
  finish_wide(x, channels, rows, stride, centred, sums, mean, m2);
}

// Merges the moments of one step of a block of rows into mean, m2: [valid], which have those of the rows before. row:
// the first row of the block.
template <bool kFull, typename X>
static void step_block(X x, size_t valid, size_t row, size_t rows, size_t stride, bool centred, X next, double* mean,
                       double* m2) {
  using T = typename X::Scalar;
  const size_t channels = kFull ? kLanes<T> : valid;
  StepSums<T> sums;
  double block_mean[kLanes<T>];
  double block_m2[kLanes<T>];
  step_moments<kFull>(x, channels, rows, stride, centred, next, &sums);
  finish_step(x, channels, rows, stride, centred, sums, block_mean, block_m2);
  merge_columns(static_cast<double>(row), mean, m2, static_cast<double>(rows), block_mean, block_m2, channels);
}

template <typename X>
static void moments_of_columns(X x, size_t rows, size_t channels, bool centred, double* mean, double* m2) {
  constexpr size_t step = kLanes<typename X::Scalar>;
  for (size_t row = 0; row < rows; row += kSteps) {
    const size_t block = smaller(kSteps, rows - row);
    const X next = x + (row + block) * channels;
    for (size_t c = 0; c < channels; c += step) {
      const X at = x + row * channels + c;
      const size_t valid = smaller(step, channels - c);
      if (valid == step) {
        step_block<true>(at, step, row, block, channels, centred, next + c * block, mean + c, m2 + c);
      } else {
        step_block<false>(at, valid, row, block, channels, centred, next + c * block, mean + c, m2 + c);
      }
    }
  }
}

template <typename S>
static void columns_moments(const S* x, size_t rows, size_t channels, bool centred, double* mean, double* m2) {
  moments_of_columns(Source<S>{x}, rows, channels, centred, mean, m2);
}

// What the gradient sums of a step read. stride: the number of elements from a row to the next. next_dy, next_x: the
// step's part of the next block, which is prefetched.
template <typename X>
struct StepGradient {
  X dy, x;
  const typename X::Scalar *mh, *r;
  X next_dy, next_x;
  size_t stride;
};

template <bool kFull, typename X>
EVENKEEL_INLINE void step_gradient_sums(const StepGradient<X>& step, size_t valid, size_t rows,
                                        StepSums<typename X::Scalar>* sums) {
  using T = typename X::Scalar;
  using V = typename X::Vector;
  const Lanes<V> mean = load_lanes<kFull>(Source<T>{step.mh}, valid);
  const Lanes<V> scale = load_lanes<kFull>(Source<T>{step.r}, valid);
  Lanes<V> s1 = zero_lanes<V>();
  Lanes<V> s2 = zero_lanes<V>();
  for (size_t row = 0; row < rows; ++row) {
    prefetch_step(step.next_x + row * kLanes<T>);
    prefetch_step(step.next_dy + row * kLanes<T>);
    for (size_t j = 0; j < kRegisters<V>; ++j) {
      const size_t at = row * step.stride + j * V::width;
      const size_t lanes = lanes_of<V>(valid, j);
      // xr = (x - mh) * r; s1 += dy; s2 += dy * xr
      const V g = step.dy.template load<kFull>(at, lanes);
      const V xr = mul(sub(step.x.template load<kFull>(at, lanes), mean.v[j]), scale.v[j]);
      s1.v[j] = add(s1.v[j], g);
      s2.v[j] = add(s2.v[j], mul(g, xr));
    }
  }
  store_lanes(sums->s1, s1);
  store_lanes(sums->s2, s2);
}

template <typename T>
EVENKEEL_INLINE void add_sums(const T* sums, size_t n, double* into) {
  for (size_t i = 0; i < n; ++i) into[i] += static_cast<double>(sums[i]);
}

template <typename S>
static void columns_gradient_sums(const S* dy, const S* x, size_t rows, size_t channels, const Compute<S>* mh,
                                  const Compute<S>* r, double* sum1, double* sum2) {
  using T = Compute<S>;
  constexpr size_t step = kLanes<T>;
  StepSums<T> sums;
  for (size_t row = 0; row < rows; row += kSteps) {
    const size_t block = smaller(kSteps, rows - row);
    for (size_t c = 0; c < channels; c += step) {
      const size_t at = row * channels + c;
      const size_t next = (row + block) * channels + c * block;
      const size_t valid = smaller(step, channels - c);
      const StepGradient<Source<S>> operands{{dy + at}, {x + at}, mh + c, r + c, {dy + next}, {x + next}, channels};
      if (valid == step) {
        step_gradient_sums<true>(operands, step, block, &sums);
      } else {
        step_gradient_sums<false>(operands, valid, block, &sums);
      }
      add_sums(sums.s1, valid, sum1 + c);
      add_sums(sums.s2, valid, sum2 + c);
    }
  }
}
