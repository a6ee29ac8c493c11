// Map: computes each element by itself. The order does not matter, and tails may be anywhere. Included by isa/*.cc
// inside its namespace; no include guard.
//
// A map is a struct with
//   Sink<S> out
//     the result
//   template <bool kFull, bool kNonTemporal> void part(size_t i, size_t n)
//     maps elements i to i + n, which follow those of the call before. kFull: n is the width of a vector. kNonTemporal:
//     out.put() uses a non-temporal store.
//   void prefetch_at(size_t i) const
//     is called once for each cache line of the result, before it is mapped; i is the index of its first element. It
//     prefetches what is needed later, or does nothing.

struct NoPrefetch {
  EVENKEEL_MEMBER void prefetch_at(size_t) const {}
};

// How many elements ahead a map prefetches the cache lines of its result. This matters most for plain stores: a store
// that waits for its cache line delays all stores after it.
template <typename S>
constexpr size_t kMapPrefetchDistance = 4096 / sizeof(S);

// The types of a map's result.
template <typename Map>
using StoredBy = typename decltype(std::declval<Map&>().out)::Stored;
template <typename Map>
using VectorBy = VectorOf<StoredBy<Map>>;

// Maps [begin, end) by as many elements at a time as a cache line has. Returns where the last full line ends.
// kNonTemporal: a cache line of the result begins at `begin`.
template <bool kNonTemporal, typename Map>
EVENKEEL_INLINE size_t map_cache_lines(size_t begin, size_t end, Map& map) {
  constexpr size_t line = kLineElements<StoredBy<Map>>;
  constexpr size_t width = VectorBy<Map>::width;
  size_t i = begin;
  for (; i + line <= end; i += line) {
    map.prefetch_at(i);
    for (size_t j = i; j < i + line; j += width) map.template part<true, kNonTemporal>(j, width);
  }
  return i;
}

// Maps [begin, end) without prefetches. The last vector may be a tail.
template <typename Map>
EVENKEEL_INLINE void map_rest(size_t begin, size_t end, Map& map) {
  constexpr size_t width = VectorBy<Map>::width;
  size_t i = begin;
  for (; i + width <= end; i += width) map.template part<true, false>(i, width);
  if (i < end) map.template part<false, false>(i, end - i);
}

// The number of elements before the first cache line that is mapped as a whole, of n elements.
template <typename S>
EVENKEEL_INLINE size_t before_whole_lines(const Sink<S>& out, size_t n) {
  return maps_whole_lines(n * sizeof(S), out.stores) ? smaller(before_line(out.p), n) : 0;
}

// Prefetches the last cache line of n elements, if non-temporal stores come before a plain store to it. No store leaves
// the core while a plain store before it waits for its cache line.
template <typename S>
EVENKEEL_INLINE void prefetch_last_line(const Sink<S>& out, size_t n) {
  if (out.non_temporal() && past_line(out.p + n) > 0) prefetch(out.p + n - 1);
}

// A map of [0, n) in parts, so that a reduce can run beside it (reduce.inl.h). The cache lines at both ends may be
// shared with neighbours, and get plain stores.
template <typename Map>
class PacedMap {
  using S = StoredBy<Map>;

 public:
  // This many steps of a map have as many stores as the core can buffer while sums continue.
  static constexpr size_t kStepsBetween = 4;

  EVENKEEL_MEMBER PacedMap(size_t n, const Map& map)
      : n_(n), non_temporal_(map.out.non_temporal()), map_(map), at_(before_whole_lines(map.out, n)) {
    prefetch_last_line(map.out, n);
    map_rest(0, at_, map_);
  }

  // Maps about kStepsBetween steps.
  EVENKEEL_MEMBER void next() { lines(smaller(at_ + kStepsBetween * kLanes<Compute<S>>, n_)); }

  // Whether only finish() is left to do.
  EVENKEEL_MEMBER bool at_end() const { return at_ + kLineElements<S> > n_; }

  EVENKEEL_MEMBER void finish() {
    lines(n_);
    map_rest(at_, n_, map_);
  }

 private:
  EVENKEEL_MEMBER void lines(size_t end) {
    at_ = non_temporal_ ? map_cache_lines<true>(at_, end, map_) : map_cache_lines<false>(at_, end, map_);
  }

  size_t n_;
  bool non_temporal_;
  Map map_;
  size_t at_;
};

// The same map, without pauses. (With PacedMap, the backward maps of planes took 1.04 times as long.)
template <typename Map>
EVENKEEL_INLINE void map_all(size_t n, Map&& map) {
  const bool non_temporal = map.out.non_temporal();
  size_t i = before_whole_lines(map.out, n);
  prefetch_last_line(map.out, n);
  map_rest(0, i, map);
  i = non_temporal ? map_cache_lines<true>(i, n, map) : map_cache_lines<false>(i, n, map);
  map_rest(i, n, map);
}
