// The passes, for every pattern, as src/backend/backend.ts defines them: four passes, and two fused forms of two passes
// each. All may throw std::bad_alloc. Then the results may be written in part, but dweight and dbias have not changed.
#pragma once

#include "core/patterns.h"

namespace evenkeel {

// Without elements, all statistics are 0, so that they do not make a gradient NaN.
inline void fill_nothing(const Plan& plan, double* first, double* second) {
  for (size_t slot = 0; slot < plan.slots(); ++slot) first[slot] = second[slot] = 0;
}

// reduce -> merge: the mean and M2 of each slot of x, even if the plan's statistics are given.
template <typename T>
void moments(const Plan& plan, const KernelTable<T>& kernels, const MomentsBuffers<T>& io) {
  if (plan.size() == 0) return fill_nothing(plan, io.mean, io.m2);
  switch (plan.pattern) {
    case Pattern::rows: return rows_moments(plan, kernels, io);
    case Pattern::planes: return planes_moments(plan, kernels, io);
    case Pattern::columns: return columns_moments(plan, kernels, io);
  }
}

// fold -> map: y, from the statistics of x or from given ones.
template <typename T>
void apply(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  if (plan.size() == 0) return;
  switch (plan.pattern) {
    case Pattern::rows: return rows_apply(plan, kernels, io);
    case Pattern::planes: return planes_apply(plan, kernels, io);
    case Pattern::columns: return columns_apply(plan, kernels, io);
  }
}

// moments, then apply. If the statistics are given, apply alone.
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

// reduce -> merge: the sums of g and of g * xhat of each slot. They are 0 if the statistics are given. Also adds to
// dweight and dbias.
template <typename T>
void gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const GradientSumsBuffers<T>& io) {
  // Without elements there is no gradient. dweight and dbias do not change, bit for bit.
  if (plan.size() == 0) return fill_nothing(plan, io.sum1, io.sum2);
  switch (plan.pattern) {
    case Pattern::rows: return rows_gradient_sums(plan, kernels, io);
    case Pattern::planes: return planes_gradient_sums(plan, kernels, io);
    case Pattern::columns: return columns_gradient_sums(plan, kernels, io);
  }
}

// fold -> map: dx, from the sums of gradient_sums.
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
