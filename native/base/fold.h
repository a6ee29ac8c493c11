// Computes the numbers that one row or one plane is mapped with, from its statistics. src/backend/portable/fold.ts has
// the same lines, and the reasons for the formulas.
#pragma once

#include <cmath>
#include <cstddef>

namespace evenkeel {

// These functions are static, as in merge.h: kernels use them, and each instruction set must have its own copy.
static inline double rstd_of(double variance, double eps) { return 1 / std::sqrt(variance + eps); }

// The difference xhat - xr. xr uses mh, the mean rounded to T, and this corrects for the rounding.
template <typename T>
static inline double mean_rest(double mean, double rstd) {
  return -(mean - static_cast<double>(static_cast<T>(mean))) * rstd;
}

// The numbers that one row is mapped with: xhat = (x - mh) * r + c. If the mean is taken as 0, xhat = x * r.
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

// The numbers that the gradient of one row is mapped with: dx = (g * r + xhat * k2) + k1, where g = dy * weight.
template <typename T>
struct RowGradientFold {
  RowFold<T> row;
  T k2;
  T k1;
};

// s1 and s2 are the row's sums of g and of g * xhat.
template <typename T>
static inline RowGradientFold<T> fold_row_gradient(RowFold<T> row, double rstd, double s1, double s2, size_t length) {
  const double n = static_cast<double>(length);
  return {row, static_cast<T>(-(rstd * (s2 / n))), static_cast<T>(-(rstd * (s1 / n)))};
}

// The numbers that one channel of planes is mapped with: y = (x - mh) * a + b.
template <typename T>
struct PlaneFold {
  T mh, a, b;
};

// Uses the weight and the bias of channel c. Either array may be null.
template <typename T>
static inline PlaneFold<T> fold_plane(double mean, double rstd, const T* weight, const T* bias, size_t c) {
  const double gamma = weight ? weight[c] : 1;
  const double beta = bias ? bias[c] : 0;
  const T mh = static_cast<T>(mean);
  return {mh, static_cast<T>(rstd * gamma), static_cast<T>(beta - (mean - static_cast<double>(mh)) * rstd * gamma)};
}

}  // namespace evenkeel
