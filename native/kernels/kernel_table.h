// The kernels of one instruction set for one element type: reduce and map of each pattern, one thread, one range.
// Kernels know no layers, allocate nothing, and throw nothing. src/backend/portable has the same passes in TypeScript.
#pragma once

#include <cstddef>

#include "core/fold.h"
#include "core/merge.h"

namespace evenkeel {

struct Sums {
  double s1;
  double s2;
};

// One row's operands: dy, x, dx point to the row; weight: [L] or null.
template <typename T>
struct RowGradient {
  const T* dy;
  const T* x;
  const T* weight;
  size_t length;
  RowFold<T> fold;
  bool centred;
};

// Rows that fit a block each, side by side: what a whole forward pass over them reads and writes.
template <typename T>
struct ShortRows {
  const T* x;
  T* y;
  size_t length;
  const T* weight;
  const T* bias;
  double* mean;
  double* variance;
  double eps;
  bool centred;
};

template <typename T>
struct KernelTable {
  // Runs: elements that lie side by side, at most a slab of them.
  // (n, mean, M2) of x; M2 is the sum of squares where not centred.
  Cell (*run_moments)(const T* x, size_t n, bool centred);
  // Sums of dy and of dy * (x - mh) * r.
  Sums (*run_gradient_sums)(const T* dy, const T* x, size_t n, T mh, T r);

  // planes: one plane, or part of one.
  // y = (x - mh) * a + b
  void (*planes_map)(const T* x, T* y, size_t n, T mh, T a, T b);
  // dx = (dy * a + ((x - mh) * r) * k2) + k1
  void (*planes_map_gradient)(const T* dy, const T* x, T* dx, size_t n, T mh, T r, T a, T k2, T k1);
  // dx = dy * a, where the statistics are given
  void (*planes_map_given)(const T* dy, T* dx, size_t n, T a);

  // rows: one row, or part of one; weight and bias: [n] or null.
  // y = xhat * weight + bias
  void (*rows_map)(const T* x, T* y, size_t n, const T* weight, const T* bias, RowFold<T> fold, bool centred);
  // Reduce, fold and map of `rows` rows of at most a block each, with their own statistics.
  void (*short_rows_forward)(const ShortRows<T>& io, size_t rows);
  // Sums of g and of g * xhat with g = dy * weight; at most a slab.
  Sums (*rows_gradient_sums)(const RowGradient<T>& row);
  // dweight += dy * xhat, dbias += dy, elementwise in T.
  void (*rows_column_sums)(const RowGradient<T>& row, T* dweight, T* dbias);
  // dx = (g * r + xhat * k2) + k1, without k1 where not centred
  void (*rows_map_gradient)(const RowGradient<T>& row, T* dx, T k2, T k1);
  // dx = g * r, where the statistics are given
  void (*rows_map_given)(const RowGradient<T>& row, T* dx);

  // columns: x [rows, channels], rows at most a slab.
  // mean, m2: [channels], of these rows.
  void (*columns_moments)(const T* x, size_t rows, size_t channels, bool centred, double* mean, double* m2);
  // sum1, sum2: [channels], added to; mh, r: [channels].
  void (*columns_gradient_sums)(const T* dy, const T* x, size_t rows, size_t channels, const T* mh, const T* r,
                                double* sum1, double* sum2);
  // mh, a, b: [channels]
  void (*columns_map)(const T* x, T* y, size_t rows, size_t channels, const T* mh, const T* a, const T* b);
  // mh, r, a, k2, k1: [channels]
  void (*columns_map_gradient)(const T* dy, const T* x, T* dx, size_t rows, size_t channels, const T* mh, const T* r,
                               const T* a, const T* k2, const T* k1);
  void (*columns_map_given)(const T* dy, T* dx, size_t rows, size_t channels, const T* a);
};

// Every instruction set that this build has and this CPU runs.
struct Isa {
  const char* name;
  const KernelTable<float>* float32;
  const KernelTable<double>* float64;
};

}  // namespace evenkeel

// Kernels and simd functions are small and hot; each belongs to its instruction set alone.
#if defined(_MSC_VER) && !defined(__clang__)
#define EVENKEEL_INLINE static __forceinline
#else
#define EVENKEEL_INLINE static inline __attribute__((always_inline))
#endif
