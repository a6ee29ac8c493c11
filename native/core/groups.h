// planes, whose groups are small, and enough for the team: each is reduced and mapped whole, as rows are.
#pragma once

#include "core/plan.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

template <typename T>
bool takes_groups(const Plan& plan);

template <typename T>
void groups_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io);

}  // namespace evenkeel
