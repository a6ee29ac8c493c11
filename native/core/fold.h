// The tables between reduce and map. src/backend/portable/fold.ts has the same lines, and the reasons for the formulas.
// base/fold.h computes the numbers of one entry.
#pragma once

#include <cstddef>

#include "base/fold.h"
#include "core/plan.h"
#include "runtime/scratch.h"

namespace evenkeel {

// The numbers of y = (x - mh) * a + b. There is an entry for each sample and channel [N, C], or for each channel [C] if
// the scope is batch.
template <typename T>
struct ForwardTable {
  explicit ForwardTable(const Plan& plan)
      : entries(plan.table_samples() * plan.channels), rstd(plan.slots()), mh(entries), a(entries), b(entries) {}
  const size_t entries;
  // One for each slot.
  Scratch<double> rstd;
  Scratch<T> mh, a, b;
};

// The numbers of dx = (dy * a + ((x - mh) * r) * k2) + k1, for the same entries.
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
  // One for each slot.
  Scratch<double> rstd;
  Scratch<T> mh, r, a, k2, k1;
};

// The sums of dy (or of weight * dy), and of the same times xhat, for each entry of a table or for each slot.
struct GradientSums {
  explicit GradientSums(size_t entries) : sum1(entries), sum2(entries) {}
  Scratch<double> sum1, sum2;
};

// The sums of weight * dy and of weight * dy * xhat of a backward pass, [slots] each.
struct SlotSums {
  double* sum1;
  double* sum2;

  void fill_zero(size_t slots) const {
    for (size_t slot = 0; slot < slots; ++slot) sum1[slot] = 0;
    for (size_t slot = 0; slot < slots; ++slot) sum2[slot] = 0;
  }
};

template <typename T>
void fold_forward(const Plan& plan, const ForwardBuffers<T>& io, ForwardTable<T>* table);

// Fills rstd, mh, r and a.
template <typename T>
void fold_sums(const Plan& plan, const BackwardBuffers<T>& io, BackwardTable<T>* table);

// Turns sums of dy * xr into sums of dy * xhat, in place.
template <typename T>
void correct_sums(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table, GradientSums* sums);

// Merges the corrected sums of each slot's samples and channels.
template <typename T>
void merge_gradients(const Plan& plan, const T* weight, const GradientSums& sums, const SlotSums& merged);

// Fills k2 and k1 of dx = rstd * (weight * dy - G1 / count - xhat * G2 / count). G1 and G2 are the sums in `merged`.
template <typename T>
void fold_backward(const Plan& plan, const BackwardBuffers<T>& io, const SlotSums& merged, BackwardTable<T>* table);

// Adds the sums over the samples to the gradients of weight (dy * xhat) and bias (dy).
template <typename T>
void add_parameter_gradients(const Plan& plan, const BackwardBuffers<T>& io, const GradientSums& sums);

// Whether a backward pass needs sums. It needs none if the statistics are given and no parameter gets a gradient.
template <typename T>
bool needs_sums(const Plan& plan, const BackwardBuffers<T>& io) {
  return !plan.given || io.dweight || io.dbias;
}

}  // namespace evenkeel
