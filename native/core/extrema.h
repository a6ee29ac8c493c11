// The least and the greatest element of each slot.
#pragma once

#include "core/plan.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

// reduce: min and max of each slot of x, as src/backend/backend.ts defines them. May throw std::bad_alloc.
template <typename T>
void extrema(const Plan& plan, const KernelTable<T>& kernels, const ExtremaBuffers<T>& io);

}  // namespace evenkeel
