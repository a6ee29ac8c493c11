// The passes of any pattern, as src/backend/backend.ts has them: four, and the two that are made of two each.
// All throw std::bad_alloc: what they write may hold a part of the result then; dweight and dbias are as they were.
#pragma once

#include "core/patterns.h"

namespace evenkeel {

// Of no elements all statistics are 0, so that they spoil no gradient.
inline void fill_nothing(const Plan& plan, double* first, double* second) {
  for (size_t slot = 0; slot < plan.slots(); ++slot) first[slot] = second[slot] = 0;
}

// reduce -> merge: mean and M2 of each slot of x, also where the plan's statistics are given.
template <typename T>
void moments(const Plan& plan, const KernelTable<T>& kernels, const MomentsBuffers<T>& io) {
  if (plan.size() == 0) return fill_nothing(plan, io.mean, io.m2);
  switch (plan.pattern) {
    case Pattern::rows: return rows_moments(plan, kernels, io);
    case Pattern::planes: return planes_moments(plan, kernels, io);
    case Pattern::columns: return columns_moments(plan, kernels, io);
  }
}

// fold -> map: y, from statistics that are x's own, or given.
template <typename T>
void apply(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  if (plan.size() == 0) return;
  switch (plan.pattern) {
    case Pattern::rows: return rows_apply(plan, kernels, io);
    case Pattern::planes: return planes_apply(plan, kernels, io);
    case Pattern::columns: return columns_apply(plan, kernels, io);
  }
}

// moments, then apply; apply alone where statistics are given.
template <typename T>
void forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  if (plan.size() == 0) {
    if (!plan.given) fill_nothing(plan, io.mean, io.variance);
    return;
  }
  switch (plan.pattern) {
    case Pattern::rows: return rows_forward(plan, kernels, io);
    case Pattern::planes: return planes_forward(plan, kernels, io);
    case Pattern::columns: return columns_forward(plan, kernels, io);
  }
}

// reduce -> merge: the sums of g and of g * xhat of each slot, 0 where statistics are given; adds to dweight and dbias.
template <typename T>
void gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const GradientSumsBuffers<T>& io) {
  // Nothing has no gradient: what dweight and dbias hold stays, bit for bit.
  if (plan.size() == 0) return fill_nothing(plan, io.sum1, io.sum2);
  switch (plan.pattern) {
    case Pattern::rows: return rows_gradient_sums(plan, kernels, io);
    case Pattern::planes: return planes_gradient_sums(plan, kernels, io);
    case Pattern::columns: return columns_gradient_sums(plan, kernels, io);
  }
}

// fold -> map: dx, from those sums.
template <typename T>
void apply_gradient(const Plan& plan, const KernelTable<T>& kernels, const ApplyGradientBuffers<T>& io) {
  if (plan.size() == 0) return;
  switch (plan.pattern) {
    case Pattern::rows: return rows_apply_gradient(plan, kernels, io);
    case Pattern::planes: return planes_apply_gradient(plan, kernels, io);
    case Pattern::columns: return columns_apply_gradient(plan, kernels, io);
  }
}

// gradient_sums, then apply_gradient.
template <typename T>
void backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io) {
  if (plan.size() == 0) return;
  switch (plan.pattern) {
    case Pattern::rows: return rows_backward(plan, kernels, io);
    case Pattern::planes: return planes_backward(plan, kernels, io);
    case Pattern::columns: return columns_backward(plan, kernels, io);
  }
}

}  // namespace evenkeel
