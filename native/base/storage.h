// Storage apart from compute: the type that the elements of a tensor are stored as, and the type that kernels compute
// in.
#pragma once

namespace evenkeel {

// Compute<S> is the type of the arithmetic on tensors that are stored as S: of the lanes, the shifts and the folds, and
// of the weight and the bias. The types of today are their own.
template <typename S>
struct ComputeOf {
  using Type = S;
};
template <typename S>
using Compute = typename ComputeOf<S>::Type;

// How a map stores its result. runtime/cache.h and core/rows.cc choose one of them.
enum class Stores {
  cached,
  // Whole cache lines are written past the cache, if the CPU has such stores.
  non_temporal,
  // The cache lines of the operands and the result are prefetched, which pays for short rows that stream from memory.
  prefetched,
};

}  // namespace evenkeel
