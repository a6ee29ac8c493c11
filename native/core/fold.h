// The small tables between reduce and map; src/backend/portable/fold.ts has the same lines, and the formulas' reasons.
#pragma once

#include <cmath>
#include <cstddef>

#include "core/plan.h"
#include "runtime/scratch.h"

namespace evenkeel {

// Static, as in merge.h: kernels use these, and each instruction set must have its own copy.
static inline double rstd_of(double variance, double eps) { return 1 / std::sqrt(variance + eps); }

// xhat = xr + this: what mh, the mean rounded to T, lacks of the mean.
template <typename T>
static inline double mean_rest(double mean, double rstd) {
  return -(mean - static_cast<double>(static_cast<T>(mean))) * rstd;
}

// What one row is mapped with: xhat = (x - mh) * r + c, or x * r where the mean is taken as 0.
template <typename T>
struct RowFold {
  T mh;
  T r;
  T c;
};

template <typename T>
static inline RowFold<T> fold_row(double mean, double variance, double eps) {
  const double rstd = rstd_of(variance, eps);
  return {static_cast<T>(mean), static_cast<T>(rstd), static_cast<T>(mean_rest<T>(mean, rstd))};
}

// What the gradient of one row is mapped with: dx = (g * r + xhat * k2) + k1, g = dy * weight.
template <typename T>
struct RowGradientFold {
  RowFold<T> row;
  T k2;
  T k1;
};

// s1, s2: the row's sums of g and of g * xhat.
template <typename T>
static inline RowGradientFold<T> fold_row_gradient(RowFold<T> row, double rstd, double s1, double s2, size_t length) {
  const double n = static_cast<double>(length);
  return {row, static_cast<T>(-(rstd * (s2 / n))), static_cast<T>(-(rstd * (s1 / n)))};
}

// The numbers of one channel of planes: y = (x - mh) * a + b.
template <typename T>
struct PlaneFold {
  T mh, a, b;
};

// weight, bias: of channel c, where there are any.
template <typename T>
static inline PlaneFold<T> fold_plane(double mean, double rstd, const T* weight, const T* bias, size_t c) {
  const double gamma = weight ? weight[c] : 1;
  const double beta = bias ? bias[c] : 0;
  const T mh = static_cast<T>(mean);
  return {mh, static_cast<T>(rstd * gamma), static_cast<T>(beta - (mean - static_cast<double>(mh)) * rstd * gamma)};
}

// y = (x - mh) * a + b, per sample and channel [N, C], or per channel [C] where the batch shares them.
template <typename T>
struct ForwardTable {
  explicit ForwardTable(const Plan& plan)
      : entries(plan.table_samples() * plan.channels), rstd(plan.slots()), mh(entries), a(entries), b(entries) {}
  const size_t entries;
  // Of each slot.
  Scratch<double> rstd;
  Scratch<T> mh, a, b;
};

// dx = (dy * a + ((x - mh) * r) * k2) + k1, over the same entries.
template <typename T>
struct BackwardTable {
  explicit BackwardTable(const Plan& plan)
      : entries(plan.table_samples() * plan.channels),
        rstd(plan.slots()),
        mh(entries),
        r(entries),
        a(entries),
        k2(entries),
        k1(entries) {}
  const size_t entries;
  // Of each slot.
  Scratch<double> rstd;
  Scratch<T> mh, r, a, k2, k1;
};

// Sums per sample and channel [N, C], or per slot: of dy (or weight * dy), and of the same times xhat.
struct GradientSums {
  explicit GradientSums(size_t entries) : sum1(entries), sum2(entries) {}
  Scratch<double> sum1, sum2;
};

template <typename T>
void fold_forward(const Plan& plan, const ForwardBuffers<T>& io, ForwardTable<T>* table);

// Fills rstd, mh, r and a.
template <typename T>
void fold_sums(const Plan& plan, const BackwardBuffers<T>& io, BackwardTable<T>* table);

// Turns sums of dy * xr into sums of dy * xhat, in place.
template <typename T>
void correct_sums(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table, GradientSums* sums);

// Fills k2 and k1 from the corrected sums: dx = rstd * (weight * dy - G1 / count - xhat * G2 / count).
template <typename T>
void fold_backward(const Plan& plan, const BackwardBuffers<T>& io, const GradientSums& sums, BackwardTable<T>* table);

// Adds the gradients of weight (sum of dy * xhat) and bias (sum of dy) over the samples.
template <typename T>
void add_parameter_gradients(const Plan& plan, const BackwardBuffers<T>& io, const GradientSums& sums);

// Whether a backward pass needs sums: not where the statistics are given and no parameter wants a gradient.
template <typename T>
bool needs_sums(const Plan& plan, const BackwardBuffers<T>& io) {
  return !plan.given || io.dweight || io.dbias;
}

// From `reduce(table, &sums)`, which sums dy and dy * xr per sample and channel, to a whole table and corrected sums.
template <typename T, typename Reduce>
void fold_gradients(const Plan& plan, const BackwardBuffers<T>& io, const Reduce& reduce, BackwardTable<T>* table,
                    GradientSums* sums) {
  fold_sums(plan, io, table);
  if (!needs_sums(plan, io)) return;
  reduce(*table, sums);
  correct_sums(plan, io, *table, sums);
  if (!plan.given) fold_backward(plan, io, *sums, table);
}

}  // namespace evenkeel
