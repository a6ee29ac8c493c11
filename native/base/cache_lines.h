// Cache-line alignment helpers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/arithmetic.h"
#include "base/storage.h"

namespace evenkeel {

template <typename T>
constexpr size_t kLineElements = kCacheLine / sizeof(T);

// The bytes of the shortest span in the cache that is mapped in whole cache lines. For a shorter span, the partial
// vectors at both ends cost more than they save.
constexpr size_t kShortestAligned = 2048;

// These functions are static, as in merge.h: kernels use them, and each instruction set must have its own copy.

// The number of elements from the start of the cache line to p.
template <typename T>
static inline size_t past_line(const T* p) {
  return reinterpret_cast<uintptr_t>(p) % kCacheLine / sizeof(T);
}

// The number of elements from p to the next start of a cache line.
template <typename T>
static inline size_t before_line(const T* p) {
  return (kLineElements<T> - past_line(p)) % kLineElements<T>;
}

// Whether a map whose result has `bytes` bytes writes whole cache lines of that result. A store across two cache lines
// costs as much as two stores. A store across two pages costs 8 ns (docs/decisions/0014).
static inline bool maps_whole_lines(size_t bytes, Stores stores) {
  return stores == Stores::non_temporal || bytes >= kShortestAligned;
}

}  // namespace evenkeel
