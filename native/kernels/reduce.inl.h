// Reduce: adds the steps of a span in order. Included by isa/*.cc inside its namespace; no include guard.
//
// A reduce is a struct with
//   V
//     the type of its vectors
//   template <bool kFull> void step(size_t i, size_t valid)
//     adds elements i to i + valid to its lanes. kFull: valid is kLanes.
// A map can run beside a reduce: beside.next() maps the next part after each kStepsBetween steps. The stores of the map
// leave the core slowly; the sums meanwhile need no stores.

// How many elements ahead of a reduce its elements are prefetched, by the map that runs beside it.
template <typename T>
constexpr size_t kReducePrefetchDistance = 8192 / sizeof(T);

struct NothingBeside {
  static constexpr size_t kStepsBetween = 1;
  EVENKEEL_MEMBER void next() const {}
};

template <typename Reduce, typename Beside>
EVENKEEL_INLINE void reduce_beside(size_t begin, size_t end, Reduce& reduce, Beside& beside) {
  constexpr size_t step = kLanes<typename Reduce::V::Scalar>;
  constexpr size_t between = Beside::kStepsBetween * step;
  size_t i = begin;
  while (i + between <= end) {
    for (const size_t pause = i + between; i < pause; i += step) reduce.template step<true>(i, step);
    beside.next();
  }
  for (; i + step <= end; i += step) reduce.template step<true>(i, step);
  if (i < end) reduce.template step<false>(i, end - i);
}

template <typename Reduce>
EVENKEEL_INLINE void reduce_all(size_t begin, size_t end, Reduce& reduce) {
  NothingBeside nothing;
  reduce_beside(begin, end, reduce, nothing);
}

// The two sums over [0, n), block by block. `empty` is a reduce with lanes s1 and s2 to which nothing was added.
template <typename Reduce>
EVENKEEL_INLINE Sums sums_of_blocks(size_t n, const Reduce& empty) {
  constexpr size_t block = kBlock<typename Reduce::V::Scalar>;
  Sums sums{0, 0};
  for (size_t i = 0; i < n; i += block) {
    Reduce part = empty;
    reduce_all(i, smaller(i + block, n), part);
    sums.s1 += tree_sum(part.s1);
    sums.s2 += tree_sum(part.s2);
  }
  return sums;
}
