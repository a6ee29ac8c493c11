// The passes of each pattern. They decide what is split among threads. Partitions follow from the shape alone, so that
// the result does not depend, in any bit, on the number of threads.
#pragma once

#include "core/plan.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

// The functions of one pattern. core/pass.h tells what each does.
#define EVENKEEL_PATTERN_PASSES(name)                                                                             \
  template <typename T>                                                                                           \
  void name##_moments(const Plan& plan, const KernelTable<T>& kernels, const MomentsBuffers<T>& io);              \
  template <typename T>                                                                                           \
  void name##_apply(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io);                \
  template <typename T>                                                                                           \
  void name##_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io);              \
  template <typename T>                                                                                           \
  void name##_gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const GradientSumsBuffers<T>& io);   \
  template <typename T>                                                                                           \
  void name##_apply_gradient(const Plan& plan, const KernelTable<T>& kernels, const ApplyGradientBuffers<T>& io); \
  template <typename T>                                                                                           \
  void name##_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io);
EVENKEEL_PATTERN_PASSES(rows)
EVENKEEL_PATTERN_PASSES(planes)
EVENKEEL_PATTERN_PASSES(columns)
#undef EVENKEEL_PATTERN_PASSES

}  // namespace evenkeel

// Instantiates the passes of a pattern for one element type. Each pattern's file uses it.
#define EVENKEEL_INSTANTIATE_PASSES(name, T)                                                                  \
  template void name##_moments<T>(const Plan&, const KernelTable<T>&, const MomentsBuffers<T>&);              \
  template void name##_apply<T>(const Plan&, const KernelTable<T>&, const ForwardBuffers<T>&);                \
  template void name##_forward<T>(const Plan&, const KernelTable<T>&, const ForwardBuffers<T>&);              \
  template void name##_gradient_sums<T>(const Plan&, const KernelTable<T>&, const GradientSumsBuffers<T>&);   \
  template void name##_apply_gradient<T>(const Plan&, const KernelTable<T>&, const ApplyGradientBuffers<T>&); \
  template void name##_backward<T>(const Plan&, const KernelTable<T>&, const BackwardBuffers<T>&);
