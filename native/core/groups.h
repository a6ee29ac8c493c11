// Forward passes over planes with small groups, if there are enough groups to keep the thread pool busy. Each group is
// reduced and mapped as a whole, as rows are.
#pragma once

#include "core/plan.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

template <typename T>
bool takes_groups(const Plan& plan);

template <typename T>
void groups_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io);

}  // namespace evenkeel
