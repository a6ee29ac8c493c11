// The kernels as naive loops, one element after another, with the arithmetic of docs/numerics.md. Its numbers (lanes,
// blocks, thresholds) are written out here once more, so that a change of native/base/arithmetic.h is noticed.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace evenkeel {
namespace naive {

template <typename T>
constexpr size_t lanes = sizeof(T) == 4 ? 32 : 16;
template <typename T>
constexpr size_t block = sizeof(T) == 4 ? 1024 : 512;
constexpr size_t rows_of_block = 32;

struct Moments {
  double mean;
  double m2;
};

struct Pair {
  double first;
  double second;
};

// Lane i and lane i + half, until one is left; in float64.
template <typename T>
double tree(const std::vector<T>& lane) {
  std::vector<double> sums(lane.begin(), lane.end());
  for (size_t half = sums.size() / 2; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) sums[i] = sums[i] + sums[i + half];
  }
  return sums[0];
}

inline Moments from_sums(double shift, double s1, double s2, double n) {
  const double m2 = s2 - s1 * s1 / n;
  return {shift + s1 / n, m2 < 0 ? 0 : m2};
}

inline bool trusted(double s1, double s2) {
  return (s2 >= std::pow(2.0, -90) && !std::isinf(s2)) || (s1 == 0 && s2 == 0);
}

// float32 whose squares leave float32.
template <typename T>
Moments wide(const T* x, size_t n, size_t stride, bool centred) {
  double mean = 0;
  for (size_t i = 0; centred && i < n; ++i) mean += x[i * stride];
  mean /= static_cast<double>(n);
  double s1 = 0;
  double s2 = 0;
  for (size_t i = 0; i < n; ++i) {
    const double d = x[i * stride] - mean;
    s1 += d;
    s2 += d * d;
  }
  return centred ? from_sums(mean, s1, s2, static_cast<double>(n)) : Moments{0, s2};
}

template <typename T>
Moments block_moments(const T* x, size_t n, bool centred) {
  const size_t head = std::min(n, 2 * lanes<T>);
  std::vector<T> sum(lanes<T>, T{0});
  for (size_t i = 0; i < head; ++i) sum[i % lanes<T>] += x[i];
  const T shift = centred ? static_cast<T>(tree(sum) / static_cast<double>(head)) : T{0};
  std::vector<T> sum1(lanes<T>, T{0});
  std::vector<T> sum2(lanes<T>, T{0});
  for (size_t i = 0; i < n; ++i) {
    const T d = x[i] - shift;
    const T square = d * d;
    sum1[i % lanes<T>] += d;
    sum2[i % lanes<T>] += square;
  }
  // Where not centred, two zeros may be squares that underflowed.
  const double s1 = centred ? tree(sum1) : 1;
  const double s2 = tree(sum2);
  if (sizeof(T) == 4 && !trusted(s1, s2)) return wide(x, n, 1, centred);
  return centred ? from_sums(shift, s1, s2, static_cast<double>(n)) : Moments{0, s2};
}

// Chan's formula: `before` values with `into`, joined with `count` more.
inline Moments join(double before, Moments into, double count, Moments more) {
  if (before == 0) return more;
  const double share = count / (before + count);
  const double delta = more.mean - into.mean;
  return {into.mean + delta * share, into.m2 + (more.m2 + delta * delta * before * share)};
}

template <typename T>
Moments span_moments(const T* x, size_t n, bool centred) {
  Moments span{0, 0};
  for (size_t at = 0; at < n; at += block<T>) {
    const size_t length = std::min(block<T>, n - at);
    run = join(static_cast<double>(at), run, static_cast<double>(length), block_moments(x + at, length, centred));
  }
  return span;
}

// Sums of g(i) and g(i) * h(i) over a span.
template <typename T, typename G, typename H>
Pair run_sums(size_t n, const G& g, const H& h) {
  Pair sums{0, 0};
  for (size_t at = 0; at < n; at += block<T>) {
    std::vector<T> sum1(lanes<T>, T{0});
    std::vector<T> sum2(lanes<T>, T{0});
    for (size_t i = at; i < std::min(at + block<T>, n); ++i) {
      const T product = g(i) * h(i);
      sum1[(i - at) % lanes<T>] += g(i);
      sum2[(i - at) % lanes<T>] += product;
    }
    sums.first += tree(sum1);
    sums.second += tree(sum2);
  }
  return sums;
}

// One column of `rows` rows, `stride` elements apart.
template <typename T>
Moments column_moments(const T* x, size_t rows, size_t stride, bool centred) {
  Moments column{0, 0};
  for (size_t row = 0; row < rows; row += rows_of_block) {
    const size_t count = std::min(rows_of_block, rows - row);
    const T* at = x + row * stride;
    const T half = static_cast<T>(0.5);
    T shift = 0;
    if (centred) shift = count < 2 ? at[0] : at[0] * half + at[stride] * half;
    T s1 = 0;
    T s2 = 0;
    for (size_t i = 0; i < count; ++i) {
      const T d = at[i * stride] - shift;
      const T square = d * d;
      s1 += d;
      s2 += square;
    }
    const double n = static_cast<double>(count);
    Moments moments = centred ? from_sums(shift, s1, s2, n) : Moments{0, static_cast<double>(s2)};
    if (sizeof(T) == 4 && !trusted(s1, s2)) moments = wide(at, count, stride, centred);
    column = join(static_cast<double>(row), column, n, moments);
  }
  return column;
}

// Sums of g(i) and g(i) * h(i) over the rows of a column, added to `sums` block after block.
template <typename T, typename G, typename H>
Pair column_sums(size_t rows, Pair sums, const G& g, const H& h) {
  for (size_t row = 0; row < rows; row += rows_of_block) {
    T s1 = 0;
    T s2 = 0;
    for (size_t i = row; i < std::min(row + rows_of_block, rows); ++i) {
      const T product = g(i) * h(i);
      s1 += g(i);
      s2 += product;
    }
    sums.first += s1;
    sums.second += s2;
  }
  return sums;
}

}  // namespace naive
}  // namespace evenkeel
