// The ranges within which a slot's numbers must lie, so that the arithmetic in T is right. A slot outside them takes
// the wide route (base/wide.h). src/backend/portable/ranges.ts has the same ranges. docs/numerics.md has the reasons.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace evenkeel {

template <typename T>
struct Range;

template <>
struct Range<float> {
  // The bound for |mean|. Below it, x - mean overflows for no x.
  static constexpr double kMean = 0x1p103;
  // The bounds for variance + eps.
  static constexpr double kSmallestSpread = 0x1p-96;
  static constexpr double kLargestSpread = 0x1p252;
  // The bounds for |weight| / sqrt(variance + eps), unless the weight is 0.
  static constexpr double kSmallestScale = 0x1p-126;
  static constexpr double kLargestScale = 0x1p48;
  // The bound for |k2| + |k1|. Below it, dy * a overflows only where dx also does.
  static constexpr double kGradient = 0x1p76;
};

template <>
struct Range<double> {
  static constexpr double kMean = 0x1p970;
  static constexpr double kSmallestSpread = 0x1p-900;
  static constexpr double kLargestSpread = 0x1p1000;
  static constexpr double kSmallestScale = 0x1p-1022;
  static constexpr double kLargestScale = 0x1p450;
  static constexpr double kGradient = 0x1p943;
};

// These functions are static, as in merge.h: kernels use them, and each instruction set must have its own copy.

template <typename T>
static inline bool are_ordinary_statistics(double mean, double variance, double eps) {
  const double spread = variance + eps;
  return std::fabs(mean) < Range<T>::kMean && spread >= Range<T>::kSmallestSpread && spread <= Range<T>::kLargestSpread;
}

// Whether the statistics of all n slots are ordinary. The loop counts without a branch, so that compilers vectorize it.
template <typename T>
static inline bool all_statistics_are_ordinary(const double* mean, const double* variance, size_t n, double eps) {
  int64_t ordinary = 0;
  for (size_t i = 0; i < n; ++i) {
    const double spread = variance[i] + eps;
    ordinary += (std::fabs(mean[i]) < Range<T>::kMean) & (spread >= Range<T>::kSmallestSpread) &
                (spread <= Range<T>::kLargestSpread);
  }
  return static_cast<size_t>(ordinary) == n;
}

// a is weight / sqrt(variance + eps).
template <typename T>
static inline bool is_ordinary_scale(T a, T weight) {
  const T size = std::fabs(a);
  return (size >= static_cast<T>(Range<T>::kSmallestScale) && size <= static_cast<T>(Range<T>::kLargestScale)) ||
         weight == 0;
}

// Whether the scales of all n slots are ordinary.
template <typename T>
static inline bool all_scales_are_ordinary(const T* a, const T* weight, size_t n) {
  int32_t ordinary = 0;
  for (size_t i = 0; i < n; ++i) {
    const T size = std::fabs(a[i]);
    ordinary +=
        ((size >= static_cast<T>(Range<T>::kSmallestScale)) & (size <= static_cast<T>(Range<T>::kLargestScale))) |
        (weight[i] == 0);
  }
  return static_cast<size_t>(ordinary) == n;
}

// If 1 / sqrt(variance + eps) is within these bounds, the scale of the slot is ordinary for every weight.
struct RstdBounds {
  double least;
  double most;
};

// If a weight is not finite, no number is within the returned bounds. The bounds are tighter than the range by a factor
// of 2, because products are rounded.
template <typename T>
static inline RstdBounds sure_bounds(const T* weight, size_t n) {
  double least = 1;
  double most = 1;
  for (size_t i = 0; weight && i < n; ++i) {
    const double size = std::fabs(static_cast<double>(weight[i]));
    if (!(size < HUGE_VAL)) return {HUGE_VAL, 0};
    if (size > most) most = size;
    if (size > 0 && size < least) least = size;
  }
  const double of_scale = 2 * Range<T>::kSmallestScale / least;
  const double of_spread = 2 / std::sqrt(Range<T>::kLargestSpread);
  return {of_scale > of_spread ? of_scale : of_spread, Range<T>::kLargestScale / 2 / most};
}

// Tests the sum of both, so that one comparison is enough.
template <typename T>
static inline bool is_ordinary_gradient(T k2, T k1) {
  return std::fabs(k2) + std::fabs(k1) < static_cast<T>(Range<T>::kGradient);
}

// Whether the gradients of all n slots are ordinary.
template <typename T>
static inline bool all_gradients_are_ordinary(const T* k2, const T* k1, size_t n) {
  int32_t ordinary = 0;
  for (size_t i = 0; i < n; ++i) ordinary += is_ordinary_gradient(k2[i], k1[i]);
  return static_cast<size_t>(ordinary) == n;
}

}  // namespace evenkeel
