// The passes of rows that work on parts of rows. split_rows_*: rows that are split among threads, because a row is
// longer than a partition, or because there are too few rows to give every thread some. long_rows_*: the passes of a
// gradient that are not fused.
#pragma once

#include "core/plan.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

// known: mean and variance are read, not written.
template <typename T>
void split_rows_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, bool known);
template <typename T>
void long_rows_gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const GradientSumsBuffers<T>& io);
template <typename T>
void long_rows_apply_gradient(const Plan& plan, const KernelTable<T>& kernels, const ApplyGradientBuffers<T>& io);
template <typename T>
void split_rows_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io);

}  // namespace evenkeel
