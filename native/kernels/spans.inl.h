// Reduce over spans: elements that lie side by side. Included by isa/*.cc inside its namespace; no include guard.

// Whether neither overflow nor underflow has affected the float32 squares of a block. If both sums are 0, the block is
// constant.
EVENKEEL_INLINE bool squares_trusted(double s1, double s2) {
  return (s2 >= kSmallestTrustedSquares && s2 < HUGE_VAL) || (s1 == 0 && s2 == 0);
}

EVENKEEL_INLINE Moments finish_moments(double shift, double s1, double s2, double n) {
  const double m2 = s2 - s1 * s1 / n;
  // A negative m2 is a rounding error, and becomes 0. Minus infinity is not: s1 * s1 has overflowed float64, and the
  // slot takes the wide route.
  return {n, shift + s1 / n, m2 < 0 && m2 > -HUGE_VAL ? 0 : m2};
}

// The moments of float32 values whose squares overflow or underflow float32, which is rare. Two loops in float64, one
// element after another. at(i) is the index of element i of n.
template <typename X, typename At>
EVENKEEL_INLINE Moments wide_moments_at(X x, size_t n, bool centred, const At& at) {
  const double count = static_cast<double>(n);
  double mean = 0;
  if (centred) {
    for (size_t i = 0; i < n; ++i) mean += x[at(i)];
    mean /= count;
  }
  double s1 = 0;
  double s2 = 0;
  for (size_t i = 0; i < n; ++i) {
    const double d = static_cast<double>(x[at(i)]) - mean;
    s1 += d;
    s2 += d * d;
  }
  if (centred) return finish_moments(mean, s1, s2, count);
  return {count, 0, s2};
}

template <typename X>
static Moments wide_moments(X x, size_t n, size_t stride, bool centred) {
  return wide_moments_at(x, n, centred, [stride](size_t i) { return i * stride; });
}

template <typename X>
struct HeadSum {
  using V = typename X::Vector;
  X x;
  Lanes<V> sum = zero_lanes<V>();

  template <bool kFull>
  EVENKEEL_MEMBER void step(size_t i, size_t valid) {
    for (size_t j = 0; j < kRegisters<V>; ++j) {
      // sum += x
      sum.v[j] = add(sum.v[j], x.template load<kFull>(i + j * V::width, lanes_of<V>(valid, j)));
    }
  }
};

// The sum of a block's head. It is exact on a constant, because a lane adds at most two elements.
template <typename X>
EVENKEEL_INLINE double head_sum(X x, size_t n) {
  HeadSum<X> head{x};
  reduce_all(0, n, head);
  return tree_sum(head.sum);
}

// The number of elements in the head of a block of n.
template <typename T>
EVENKEEL_INLINE size_t head_of(size_t n) {
  return smaller(n, kShiftSteps * kLanes<T>);
}

template <typename X>
struct ShiftedSums {
  using V = typename X::Vector;
  X x;
  V shift;
  Lanes<V> s1 = zero_lanes<V>();
  Lanes<V> s2 = zero_lanes<V>();

  template <bool kFull>
  EVENKEEL_MEMBER void step(size_t i, size_t valid) {
    for (size_t j = 0; j < kRegisters<V>; ++j) {
      const size_t lanes = lanes_of<V>(valid, j);
      // d = x - shift; s1 += d; s2 += d * d
      const V d = mask_part<kFull>(sub(x.template load<kFull>(i + j * V::width, lanes), shift), lanes);
      s1.v[j] = add(s1.v[j], d);
      s2.v[j] = add(s2.v[j], mul(d, d));
    }
  }
};

// The sums of d = x - shift and of d * d over a block, in one loop.
template <typename X, typename Beside>
EVENKEEL_INLINE Sums shifted_sums(X x, size_t n, typename X::Scalar shift, Beside& beside) {
  ShiftedSums<X> sums{x, X::Vector::broadcast(shift)};
  reduce_beside(0, n, sums, beside);
  return {tree_sum(sums.s1), tree_sum(sums.s2)};
}

// The mean of a block's head.
template <typename X>
EVENKEEL_INLINE typename X::Scalar block_shift(X x, size_t n) {
  const size_t head = head_of<typename X::Scalar>(n);
  return static_cast<typename X::Scalar>(head_sum(x, head) / static_cast<double>(head));
}

template <typename X, typename Beside>
EVENKEEL_INLINE Moments block_moments(X x, size_t n, typename X::Scalar shift, Beside& beside) {
  const Sums sums = shifted_sums(x, n, shift, beside);
  if (sizeof(typename X::Scalar) == 4 && !squares_trusted(sums.s1, sums.s2)) return wide_moments(x, n, 1, true);
  return finish_moments(shift, sums.s1, sums.s2, static_cast<double>(n));
}

template <typename X>
struct SquaresSum {
  using V = typename X::Vector;
  X x;
  Lanes<V> s2 = zero_lanes<V>();

  template <bool kFull>
  EVENKEEL_MEMBER void step(size_t i, size_t valid) {
    for (size_t j = 0; j < kRegisters<V>; ++j) {
      // s2 += x * x
      const V value = x.template load<kFull>(i + j * V::width, lanes_of<V>(valid, j));
      s2.v[j] = add(s2.v[j], mul(value, value));
    }
  }
};

// The sum of squares over a block, for norms that take the mean as 0.
template <typename X, typename Beside>
EVENKEEL_INLINE double squares_sum(X x, size_t n, Beside& beside) {
  SquaresSum<X> sum{x};
  reduce_beside(0, n, sum, beside);
  return tree_sum(sum.s2);
}

template <typename X, typename Beside>
EVENKEEL_INLINE Moments block_squares(X x, size_t n, Beside& beside) {
  const double s2 = squares_sum(x, n, beside);
  if (sizeof(typename X::Scalar) == 4 && !squares_trusted(s2 == 0 ? 1 : 0, s2)) return wide_moments(x, n, 1, false);
  return {static_cast<double>(n), 0, s2};
}

// The shift of the next block is computed before the sums of this block. It takes as long as a quarter of a block's
// sums, and can overlap with them.
template <typename X, typename Beside>
EVENKEEL_INLINE Moments centred_moments(X x, size_t n, Beside& beside) {
  constexpr size_t block = kBlock<typename X::Scalar>;
  Moments span;
  if (n == 0) return span;
  typename X::Scalar shift = block_shift(x, smaller(block, n));
  for (size_t i = 0; i < n; i += block) {
    const size_t length = smaller(block, n - i);
    const size_t next = i + length;
    const typename X::Scalar next_shift = next < n ? block_shift(x + next, smaller(block, n - next)) : 0;
    const Moments part = block_moments(x + i, length, shift, beside);
    merge(&span, part.count, part.mean, part.m2);
    shift = next_shift;
  }
  return span;
}

template <typename X, typename Beside>
EVENKEEL_INLINE Moments squares(X x, size_t n, Beside& beside) {
  constexpr size_t block = kBlock<typename X::Scalar>;
  Moments span;
  for (size_t i = 0; i < n; i += block) {
    const Moments part = block_squares(x + i, smaller(block, n - i), beside);
    merge(&span, part.count, part.mean, part.m2);
  }
  return span;
}

template <bool kCentred, typename X, typename Beside>
EVENKEEL_INLINE Moments moments_beside(X x, size_t n, Beside& beside) {
  if constexpr (kCentred) return centred_moments(x, n, beside);
  return squares(x, n, beside);
}

template <typename X>
static Moments moments_of(X x, size_t n, bool centred) {
  NothingBeside nothing;
  return centred ? moments_beside<true>(x, n, nothing) : moments_beside<false>(x, n, nothing);
}

template <typename S>
static Moments span_moments(const S* x, size_t n, bool centred) {
  return moments_of(Source<S>{x}, n, centred);
}

template <typename X>
struct SpanGradientSums {
  using V = typename X::Vector;
  X dy;
  X x;
  V mh, r;
  Lanes<V> s1 = zero_lanes<V>();
  Lanes<V> s2 = zero_lanes<V>();

  template <bool kFull>
  EVENKEEL_MEMBER void step(size_t i, size_t valid) {
    for (size_t j = 0; j < kRegisters<V>; ++j) {
      const size_t lanes = lanes_of<V>(valid, j);
      // xr = (x - mh) * r; s1 += dy; s2 += dy * xr
      const V g = dy.template load<kFull>(i + j * V::width, lanes);
      const V xr = mul(sub(x.template load<kFull>(i + j * V::width, lanes), mh), r);
      s1.v[j] = add(s1.v[j], g);
      s2.v[j] = add(s2.v[j], mask_part<kFull>(mul(g, xr), lanes));
    }
  }
};

template <typename S>
static Sums span_gradient_sums(const S* dy, const S* x, size_t n, Compute<S> mh, Compute<S> r) {
  using V = VectorOf<S>;
  return sums_of_blocks(n, SpanGradientSums<Source<S>>{{dy}, {x}, V::broadcast(mh), V::broadcast(r)});
}
