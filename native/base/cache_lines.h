// How arrays lie to the lines that memory moves.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/arithmetic.h"

namespace evenkeel {

template <typename T>
constexpr size_t kLineElements = kCacheLine / sizeof(T);

// In the cache a shorter span is not mapped from line to line: the partial vectors at both ends cost more.
constexpr size_t kShortestAligned = 2048;

// Static, as in merge.h: kernels use these, and each instruction set must have its own copy.

// Elements between the line's beginning and p.
template <typename T>
static inline size_t past_line(const T* p) {
  return reinterpret_cast<uintptr_t>(p) % kCacheLine / sizeof(T);
}

// Elements from p to the first whole line.
template <typename T>
static inline size_t before_line(const T* p) {
  return (kLineElements<T> - past_line(p)) % kLineElements<T>;
}

// Whether a map of so many bytes goes from line to line of its result: a store across two lines costs two, and one
// across two pages 8 ns (docs/decisions/0014).
static inline bool maps_whole_lines(size_t bytes, bool non_temporal) {
  return non_temporal || bytes >= kShortestAligned;
}

}  // namespace evenkeel
