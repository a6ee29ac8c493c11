// rows in parts: those that are split among the team (of more than a partition each, or too few to give every thread
// some), and the passes of a gradient that are not fused.
#pragma once

#include "core/plan.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

// known: statistics are read.
template <typename T>
void split_rows_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, bool known);
template <typename T>
void long_rows_gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const GradientSumsBuffers<T>& io);
template <typename T>
void long_rows_apply_gradient(const Plan& plan, const KernelTable<T>& kernels, const ApplyGradientBuffers<T>& io);
template <typename T>
void split_rows_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io);

}  // namespace evenkeel
