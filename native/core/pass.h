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

// Of no elements mean and variance are 0, so that they spoil no gradient.
template <typename T>
void forward_nothing(const Plan& plan, const ForwardBuffers<T>& io) {
  if (plan.given) return;
  for (size_t slot = 0; slot < plan.slots(); ++slot) io.mean[slot] = io.variance[slot] = 0;
}

// Any pattern. Throws std::bad_alloc: mean, variance, y or dx may hold a part of the result then; dweight and dbias are
// as they were.
template <typename T>
void forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  if (plan.size() == 0) return forward_nothing(plan, io);
  switch (plan.pattern) {
    case Pattern::rows: return rows_forward(plan, kernels, io);
    case Pattern::planes: return planes_forward(plan, kernels, io);
    case Pattern::columns: return columns_forward(plan, kernels, io);
  }
}

template <typename T>
void backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io) {
  // Nothing has no gradient: what dweight and dbias hold stays, bit for bit.
  if (plan.size() == 0) return;
  switch (plan.pattern) {
    case Pattern::rows: return rows_backward(plan, kernels, io);
    case Pattern::planes: return planes_backward(plan, kernels, io);
    case Pattern::columns: return columns_backward(plan, kernels, io);
  }
}

}  // namespace evenkeel
