// Merges the statistics of parts into those of the whole, in float64 and in a fixed order. Also defines the statistics
// and gradient sums that passes exchange.
#pragma once

#include <cstddef>

namespace evenkeel {

// The number of values, their mean, and the sum of squared differences from the mean.
struct Moments {
  double count = 0;
  double mean = 0;
  double m2 = 0;
};

// The sums of a backward pass: of g and of g * xhat, or of dy and of dy * xr.
struct Sums {
  double s1;
  double s2;
};

// The biased variance. It is 0 if there are no values, so that a slot without elements does not make a gradient NaN.
static inline double variance_of(double count, double m2) { return count > 0 ? m2 / count : 0; }
static inline double variance_of(const Moments& entry) { return variance_of(entry.count, entry.m2); }

// Merges the statistics of more values into `into`. Chan, Golub, LeVeque 1979: Updating formulae.
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

// Merges `parts` parts of `count` values each. Two loops over the parts need no division for each part.
static inline Moments merge_equals(double count, const double* mean, const double* m2, size_t parts) {
  // The mean of the parts' means, as a difference from the first mean. It is exact if all means are the same.
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

// As merge(), for many columns with equal counts. `before` values of each column are already in into_mean and into_m2.
// All arrays have `columns` elements.
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
