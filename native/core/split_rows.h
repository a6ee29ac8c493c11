// rows that are split among the team: of more than a partition each, or too few to give every thread some.
#pragma once

#include "core/plan.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

template <typename T>
void split_rows_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io);
template <typename T>
void split_rows_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io);

}  // namespace evenkeel
