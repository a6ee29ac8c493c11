// The least and the greatest elements of columns. Neither the order of elements nor their number of visits changes the
// result, but for the sign of a zero, which core/extrema.cc removes. Included by isa/*.cc inside its namespace; no
// include guard.

// The extrema of a step over a block of rows. min, max: of the step's columns. next: the step's part of the next block,
// which is prefetched.
template <typename X>
EVENKEEL_INLINE void step_extrema(X x, size_t rows, size_t stride, X next, typename X::Scalar* min,
                                  typename X::Scalar* max) {
  using T = typename X::Scalar;
  using V = typename X::Vector;
  constexpr size_t step = kLanes<T>;
  Lanes<V> low = load_lanes<true>(Source<T>{min}, step);
  Lanes<V> high = load_lanes<true>(Source<T>{max}, step);
  for (size_t row = 0; row < rows; ++row) {
    prefetch_step(next + row * step);
    for (size_t j = 0; j < kRegisters<V>; ++j) {
      // low = x < low ? x : low; high = x > high ? x : high
      const V value = x.template load<true>(row * stride + j * V::width, V::width);
      low.v[j] = least(value, low.v[j]);
      high.v[j] = greatest(value, high.v[j]);
    }
  }
  store_lanes(min, low);
  store_lanes(max, high);
}

template <typename S>
static void columns_extrema(const S* data, size_t rows, size_t channels, Compute<S>* min, Compute<S>* max) {
  constexpr size_t step = kLanes<Compute<S>>;
  const Source<S> x{data};
  for (size_t row = 0; row < rows; row += kSteps) {
    const size_t block = smaller(kSteps, rows - row);
    const Source<S> next = x + (row + block) * channels;
    for (size_t c = 0; c < channels; c += step) {
      // The last step ends with the last channel: it may visit some channels again.
      const size_t at = smaller(c, channels - step);
      step_extrema(x + (row * channels + at), block, channels, next + c * block, min + at, max + at);
    }
  }
}
