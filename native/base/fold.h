// The numbers that one row or one plane is mapped with, from its statistics; src/backend/portable/fold.ts has the same
// lines, and the formulas' reasons.
#pragma once

#include <cmath>
#include <cstddef>

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

}  // namespace evenkeel
