// Map: each element by itself, so that the order is free and tails may lie anywhere. Included by isa/*.cc inside its
// namespace; no include guard.
//
// A map is a struct with
//   template <bool kFull, bool kStream> void part(size_t i, size_t n)
//     maps elements i to i + n, which follow those of the call before; kFull: n is V::width; kStream: past the cache,
//     `put` does it
//   void ahead(size_t i) const
//     asks for what will be read next, a cache line at i; or does nothing

// Elements of a cache line.
template <typename V>
constexpr size_t kLine = kCacheLine / sizeof(typename V::Scalar);

struct NothingAhead {
  EVENKEEL_MEMBER void ahead(size_t) const {}
};

// Elements before the first whole cache line.
template <typename T>
EVENKEEL_INLINE size_t before_line(const T* p) {
  return (kCacheLine - reinterpret_cast<uintptr_t>(p) % kCacheLine) % kCacheLine / sizeof(T);
}

template <bool kFull, bool kStream, typename V>
EVENKEEL_INLINE void put(typename V::Scalar* p, V v, size_t n) {
  if constexpr (kStream) {
    stream(p, v);
  } else {
    store_part<kFull>(p, v, n);
  }
}

// [begin, end) in whole lines, from begin on; returns where they end. kStream: begin is where a line begins.
template <bool kStream, typename V, typename Map>
EVENKEEL_INLINE size_t map_lines(size_t begin, size_t end, Map& map) {
  size_t i = begin;
  for (; i + kLine<V> <= end; i += kLine<V>) {
    map.ahead(i);
    for (size_t j = i; j < i + kLine<V>; j += V::width) map.template part<true, kStream>(j, V::width);
  }
  return i;
}

// The same for less than a line.
template <typename V, typename Map>
EVENKEEL_INLINE void map_rest(size_t begin, size_t end, Map& map) {
  size_t i = begin;
  for (; i + V::width <= end; i += V::width) map.template part<true, false>(i, V::width);
  if (i < end) map.template part<false, false>(i, end - i);
}

// Maps [0, n) to out. `past_cache`: whole lines are written past the cache; those shared with neighbours are not.
template <typename V, typename Map>
EVENKEEL_INLINE void map_all(const typename V::Scalar* out, size_t n, bool past_cache, Map& map) {
  size_t i = 0;
  if (past_cache) {
    const size_t head = smaller(before_line(out), n);
    map_rest<V>(0, head, map);
    i = map_lines<true, V>(head, n, map);
  } else {
    i = map_lines<false, V>(0, n, map);
  }
  map_rest<V>(i, n, map);
}
