// Map: computes each element by itself. The order does not matter, and tails may be anywhere. Included by isa/*.cc
// inside its namespace; no include guard.
//
// A map is a struct with
//   template <bool kFull, bool kNonTemporal> void part(size_t i, size_t n)
//     maps elements i to i + n, which follow those of the call before. kFull: n is V::width. kNonTemporal: put() uses a
//     non-temporal store.
//   void prefetch_at(size_t i) const
//     is called once for each kLineElements elements, before they are mapped; i is the index of the first. It
//     prefetches what is needed later, or does nothing.

struct NoPrefetch {
  EVENKEEL_MEMBER void prefetch_at(size_t) const {}
};

// Prefetches cache lines `elements` elements ahead of p. They may lie past the end of the array, because a prefetch
// does not need readable memory.
class Prefetcher {
 public:
  template <typename T>
  EVENKEEL_MEMBER Prefetcher(const T* p, size_t elements)
      : at_(reinterpret_cast<uintptr_t>(p) + elements * sizeof(T)) {}
  EVENKEEL_MEMBER void ask(size_t bytes) const { prefetch(reinterpret_cast<const void*>(at_ + bytes)); }
  // Prefetches the cache lines of n bytes.
  EVENKEEL_MEMBER void lines(size_t n) const {
    for (size_t i = 0; i < n; i += kCacheLine) ask(i);
  }

 private:
  uintptr_t at_;
};

// How many elements ahead a map prefetches the cache lines of its result. This matters most for plain stores: a store
// that waits for its cache line delays all stores after it.
template <typename T>
constexpr size_t kMapPrefetchDistance = 4096 / sizeof(T);

template <bool kFull, bool kNonTemporal, typename V>
EVENKEEL_INLINE void put(typename V::Scalar* p, V v, size_t n) {
  if constexpr (kNonTemporal) {
    store_non_temporal(p, v);
  } else {
    store_part<kFull>(p, v, n);
  }
}

// Maps [begin, end) by as many elements at a time as a cache line has. Returns where the last full line ends.
// kNonTemporal: a cache line of the result begins at `begin`.
template <bool kNonTemporal, typename V, typename Map>
EVENKEEL_INLINE size_t map_cache_lines(size_t begin, size_t end, Map& map) {
  constexpr size_t line = kLineElements<typename V::Scalar>;
  size_t i = begin;
  for (; i + line <= end; i += line) {
    map.prefetch_at(i);
    for (size_t j = i; j < i + line; j += V::width) map.template part<true, kNonTemporal>(j, V::width);
  }
  return i;
}

// Maps [begin, end) without prefetches. The last vector may be a tail.
template <typename V, typename Map>
EVENKEEL_INLINE void map_rest(size_t begin, size_t end, Map& map) {
  size_t i = begin;
  for (; i + V::width <= end; i += V::width) map.template part<true, false>(i, V::width);
  if (i < end) map.template part<false, false>(i, end - i);
}

// A map of [0, n) to `out` in parts, so that a reduce can run beside it (reduce.inl.h). non_temporal: whole cache lines
// are written with non-temporal stores. The cache lines at both ends may be shared with neighbours, and get plain
// stores. The last of them is prefetched early, because no store leaves the core while a plain store before it waits
// for its cache line.
template <typename V, typename Map>
class PacedMap {
 public:
  using T = typename V::Scalar;
  // This many steps of a map have as many stores as the core can buffer while sums continue.
  static constexpr size_t kStepsBetween = 4;

  EVENKEEL_MEMBER PacedMap(const T* out, size_t n, bool non_temporal, const Map& map)
      : n_(n),
        non_temporal_(non_temporal),
        map_(map),
        at_(maps_whole_lines(n * sizeof(T), non_temporal) ? smaller(before_line(out), n) : 0) {
    if (non_temporal && past_line(out + n) > 0) prefetch(out + n - 1);
    map_rest<V>(0, at_, map_);
  }

  // Maps about kStepsBetween steps.
  EVENKEEL_MEMBER void next() { lines(smaller(at_ + kStepsBetween * kLanes<T>, n_)); }

  // Whether only finish() is left to do.
  EVENKEEL_MEMBER bool at_end() const { return at_ + kLineElements<T> > n_; }

  EVENKEEL_MEMBER void finish() {
    lines(n_);
    map_rest<V>(at_, n_, map_);
  }

 private:
  EVENKEEL_MEMBER void lines(size_t end) {
    at_ = non_temporal_ ? map_cache_lines<true, V>(at_, end, map_) : map_cache_lines<false, V>(at_, end, map_);
  }

  size_t n_;
  bool non_temporal_;
  Map map_;
  size_t at_;
};

// The same map, without pauses. (With PacedMap, the backward maps of planes took 1.04 times as long.)
template <typename V, typename Map>
EVENKEEL_INLINE void map_all(const typename V::Scalar* out, size_t n, bool non_temporal, Map&& map) {
  const bool from_line = maps_whole_lines(n * sizeof(typename V::Scalar), non_temporal);
  size_t i = from_line ? smaller(before_line(out), n) : 0;
  if (non_temporal && past_line(out + n) > 0) prefetch(out + n - 1);
  map_rest<V>(0, i, map);
  i = non_temporal ? map_cache_lines<true, V>(i, n, map) : map_cache_lines<false, V>(i, n, map);
  map_rest<V>(i, n, map);
}
