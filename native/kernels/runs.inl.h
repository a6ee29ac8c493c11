// Reduce over runs: elements that lie side by side. Included by isa/*.cc inside its namespace; no include guard.

// Neither overflow nor underflow has touched the float32 squares of a block; two zeros are a constant block.
EVENKEEL_INLINE bool squares_trusted(double s1, double s2) {
  return (s2 >= kSmallestTrustedSquares && s2 < HUGE_VAL) || (s1 == 0 && s2 == 0);
}

EVENKEEL_INLINE Cell finish_moments(double shift, double s1, double s2, double n) {
  const double m2 = s2 - s1 * s1 / n;
  return {n, shift + s1 / n, m2 < 0 ? 0 : m2};
}

// The rare way, for float32 values whose squares leave float32: two passes in float64, one element after another.
template <typename T>
static Cell wide_moments(const T* x, size_t n, size_t stride, bool centred) {
  const double count = static_cast<double>(n);
  double mean = 0;
  if (centred) {
    for (size_t i = 0; i < n; ++i) mean += x[i * stride];
    mean /= count;
  }
  double s1 = 0;
  double s2 = 0;
  for (size_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(x[i * stride]) - mean;
    s1 += d;
    s2 += d * d;
  }
  if (centred) return finish_moments(mean, s1, s2, count);
  return {count, 0, s2};
}

template <bool kFull, typename V>
EVENKEEL_INLINE void sum_step(const typename V::Scalar* x, size_t valid, Lanes<V>& sum) {
  for (size_t j = 0; j < kRegisters<V>; ++j) {
    // sum += x
    sum.v[j] = add(sum.v[j], load_part<kFull, V>(x + j * V::width, lanes_of<V>(valid, j)));
  }
}

// The sum of a block's head; exact on a constant, because a lane adds at most two of its elements.
template <typename V>
EVENKEEL_INLINE double head_sum(const typename V::Scalar* x, size_t n) {
  constexpr size_t step = kLanes<typename V::Scalar>;
  Lanes<V> sum = zero_lanes<V>();
  size_t i = 0;
  for (; i + step <= n; i += step) sum_step<true, V>(x + i, step, sum);
  if (i < n) sum_step<false, V>(x + i, n - i, sum);
  return tree_sum(sum);
}

// How many of a block's elements are its head.
template <typename T>
EVENKEEL_INLINE size_t head_of(size_t n) {
  return smaller(n, kShiftSteps * kLanes<T>);
}

template <bool kFull, typename V>
EVENKEEL_INLINE void moments_step(const typename V::Scalar* x, size_t valid, V shift, Lanes<V>& s1, Lanes<V>& s2) {
  for (size_t j = 0; j < kRegisters<V>; ++j) {
    const size_t lanes = lanes_of<V>(valid, j);
    // d = x - shift; s1 += d; s2 += d * d
    const V d = mask_part<kFull>(sub(load_part<kFull, V>(x + j * V::width, lanes), shift), lanes);
    s1.v[j] = add(s1.v[j], d);
    s2.v[j] = add(s2.v[j], mul(d, d));
  }
}

// One pass over a block: the sums of d = x - shift and of d * d.
template <typename V>
EVENKEEL_INLINE Sums shifted_sums(const typename V::Scalar* x, size_t n, typename V::Scalar shift) {
  constexpr size_t step = kLanes<typename V::Scalar>;
  const V k = V::broadcast(shift);
  Lanes<V> lanes1 = zero_lanes<V>();
  Lanes<V> lanes2 = zero_lanes<V>();
  size_t i = 0;
  for (; i + step <= n; i += step) moments_step<true, V>(x + i, step, k, lanes1, lanes2);
  if (i < n) moments_step<false, V>(x + i, n - i, k, lanes1, lanes2);
  return {tree_sum(lanes1), tree_sum(lanes2)};
}

// The mean of a block's head.
template <typename V>
EVENKEEL_INLINE typename V::Scalar block_shift(const typename V::Scalar* x, size_t n) {
  const size_t head = head_of<typename V::Scalar>(n);
  return static_cast<typename V::Scalar>(head_sum<V>(x, head) / static_cast<double>(head));
}

template <typename V>
EVENKEEL_INLINE Cell block_moments(const typename V::Scalar* x, size_t n, typename V::Scalar shift) {
  const Sums sums = shifted_sums<V>(x, n, shift);
  if (sizeof(typename V::Scalar) == 4 && !squares_trusted(sums.s1, sums.s2)) return wide_moments(x, n, 1, true);
  return finish_moments(shift, sums.s1, sums.s2, static_cast<double>(n));
}

template <bool kFull, typename V>
EVENKEEL_INLINE void squares_step(const typename V::Scalar* x, size_t valid, Lanes<V>& s2) {
  for (size_t j = 0; j < kRegisters<V>; ++j) {
    // s2 += x * x
    const V value = load_part<kFull, V>(x + j * V::width, lanes_of<V>(valid, j));
    s2.v[j] = add(s2.v[j], mul(value, value));
  }
}

// The same for norms that take the mean as 0.
template <typename V>
EVENKEEL_INLINE double squares_sum(const typename V::Scalar* x, size_t n) {
  constexpr size_t step = kLanes<typename V::Scalar>;
  Lanes<V> lanes2 = zero_lanes<V>();
  size_t i = 0;
  for (; i + step <= n; i += step) squares_step<true, V>(x + i, step, lanes2);
  if (i < n) squares_step<false, V>(x + i, n - i, lanes2);
  return tree_sum(lanes2);
}

template <typename V>
EVENKEEL_INLINE Cell block_squares(const typename V::Scalar* x, size_t n) {
  const double s2 = squares_sum<V>(x, n);
  if (sizeof(typename V::Scalar) == 4 && !squares_trusted(s2 == 0 ? 1 : 0, s2)) return wide_moments(x, n, 1, false);
  return {static_cast<double>(n), 0, s2};
}

// A block's shift is taken before the block ahead of it is summed: it takes as long as a quarter of a block's sums.
template <typename V>
EVENKEEL_INLINE Cell centred_moments(const typename V::Scalar* x, size_t n) {
  constexpr size_t block = kBlock<typename V::Scalar>;
  Cell run;
  if (n == 0) return run;
  typename V::Scalar shift = block_shift<V>(x, smaller(block, n));
  for (size_t i = 0; i < n; i += block) {
    const size_t length = smaller(block, n - i);
    const size_t next = i + length;
    const typename V::Scalar next_shift = next < n ? block_shift<V>(x + next, smaller(block, n - next)) : 0;
    const Cell part = block_moments<V>(x + i, length, shift);
    merge(&run, part.count, part.mean, part.m2);
    shift = next_shift;
  }
  return run;
}

template <typename V>
EVENKEEL_INLINE Cell squares(const typename V::Scalar* x, size_t n) {
  constexpr size_t block = kBlock<typename V::Scalar>;
  Cell run;
  for (size_t i = 0; i < n; i += block) {
    const Cell part = block_squares<V>(x + i, smaller(block, n - i));
    merge(&run, part.count, part.mean, part.m2);
  }
  return run;
}

template <typename V>
static Cell run_moments(const typename V::Scalar* x, size_t n, bool centred) {
  return centred ? centred_moments<V>(x, n) : squares<V>(x, n);
}

template <bool kFull, typename V>
EVENKEEL_INLINE void gradient_step(const typename V::Scalar* dy, const typename V::Scalar* x, size_t valid, V mh, V r,
                                   Lanes<V>& s1, Lanes<V>& s2) {
  for (size_t j = 0; j < kRegisters<V>; ++j) {
    const size_t lanes = lanes_of<V>(valid, j);
    // xr = (x - mh) * r; s1 += dy; s2 += dy * xr
    const V g = load_part<kFull, V>(dy + j * V::width, lanes);
    const V xr = mul(sub(load_part<kFull, V>(x + j * V::width, lanes), mh), r);
    s1.v[j] = add(s1.v[j], g);
    s2.v[j] = add(s2.v[j], mask_part<kFull>(mul(g, xr), lanes));
  }
}

template <typename V>
static Sums run_gradient_sums(const typename V::Scalar* dy, const typename V::Scalar* x, size_t n,
                              typename V::Scalar mh, typename V::Scalar r) {
  using T = typename V::Scalar;
  constexpr size_t step = kLanes<T>;
  const V mean = V::broadcast(mh);
  const V scale = V::broadcast(r);
  Sums sums{0, 0};
  for (size_t block = 0; block < n; block += kBlock<T>) {
    const size_t end = smaller(block + kBlock<T>, n);
    Lanes<V> lanes1 = zero_lanes<V>();
    Lanes<V> lanes2 = zero_lanes<V>();
    size_t i = block;
    for (; i + step <= end; i += step) gradient_step<true, V>(dy + i, x + i, step, mean, scale, lanes1, lanes2);
    if (i < end) gradient_step<false, V>(dy + i, x + i, end - i, mean, scale, lanes1, lanes2);
    sums.s1 += tree_sum(lanes1);
    sums.s2 += tree_sum(lanes2);
  }
  return sums;
}
