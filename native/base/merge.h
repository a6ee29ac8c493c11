// Statistics and gradient sums of parts, joined to those of the whole: plain float64 in a fixed order.
#pragma once

#include <cstddef>

namespace evenkeel {

// How many values, their mean, and the sum of squared differences from it.
struct Moments {
  double count = 0;
  double mean = 0;
  double m2 = 0;
};

// Of a backward pass: of g and of g * xhat, or of dy and of dy * xr.
struct Sums {
  double s1;
  double s2;
};

// The biased variance; 0 of no values, so that a space of extent 0 spoils no gradient.
static inline double variance_of(const Moments& entry) { return entry.count > 0 ? entry.m2 / entry.count : 0; }

// Joins the statistics of more values to `into`. Chan, Golub, LeVeque 1979: Updating formulae.
static inline void merge(Moments* into, double count, double mean, double m2) {
  if (count == 0) return;
  if (into->count == 0) {
    *into = {count, mean, m2};
    return;
  }
  const double before = into->count;
  const double total = before + count;
  const double share = count / total;
  const double delta = mean - into->mean;
  into->mean += delta * share;
  into->m2 += m2 + delta * delta * before * share;
  into->count = total;
}

// The statistics of `parts` parts of `count` values each, in two passes over theirs: without a division a part.
static inline Moments merge_equals(double count, const double* mean, const double* m2, size_t parts) {
  // The parts' mean, from the first one's on: exact where all are the same.
  double apart = 0;
  for (size_t i = 0; i < parts; ++i) apart += mean[i] - mean[0];
  const double total_mean = mean[0] + apart / static_cast<double>(parts);
  double within = 0;
  double between = 0;
  for (size_t i = 0; i < parts; ++i) {
    const double delta = mean[i] - total_mean;
    within += m2[i];
    between += delta * delta;
  }
  return {count * static_cast<double>(parts), total_mean, within + count * between};
}

// `merge` for many columns of equal count: mean, m2: [columns], joined to into_mean, into_m2: [columns].
static inline void merge_columns(double before, double* into_mean, double* into_m2, double count, const double* mean,
                                 const double* m2, size_t columns) {
  if (count == 0) return;
  if (before == 0) {
    for (size_t c = 0; c < columns; ++c) {
      into_mean[c] = mean[c];
      into_m2[c] = m2[c];
    }
    return;
  }
  const double share = count / (before + count);
  for (size_t c = 0; c < columns; ++c) {
    const double delta = mean[c] - into_mean[c];
    into_mean[c] += delta * share;
    into_m2[c] += m2[c] + delta * delta * before * share;
  }
}

}  // namespace evenkeel
