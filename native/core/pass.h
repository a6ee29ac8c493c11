// The two passes, whole: reduce -> merge -> fold -> map, for one pattern each. They decide what can be split among
// threads; partitions follow from the shape alone, so that the bits do not depend on who computes them.
#pragma once

#include "core/plan.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

template <typename T>
void rows_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io);
template <typename T>
void rows_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io);

template <typename T>
void planes_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io);
template <typename T>
void planes_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io);

template <typename T>
void columns_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io);
template <typename T>
void columns_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io);

// Any pattern. Throws std::bad_alloc: mean, variance, y or dx may hold a part of the result then; dweight and dbias are
// as they were.
template <typename T>
void forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  switch (plan.pattern) {
    case Pattern::rows: return rows_forward(plan, kernels, io);
    case Pattern::planes: return planes_forward(plan, kernels, io);
    case Pattern::columns: return columns_forward(plan, kernels, io);
  }
}

template <typename T>
void backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io) {
  switch (plan.pattern) {
    case Pattern::rows: return rows_backward(plan, kernels, io);
    case Pattern::planes: return planes_backward(plan, kernels, io);
    case Pattern::columns: return columns_backward(plan, kernels, io);
  }
}

}  // namespace evenkeel
