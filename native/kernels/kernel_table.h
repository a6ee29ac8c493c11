// The kernels of one instruction set for tensors that are stored as S: the reduce and the map of each pattern. A call
// of a kernel runs on one thread and over one range. Kernels know no layers, allocate nothing, and throw nothing.
// src/backend/portable has the same passes in TypeScript.
#pragma once

#include <cstddef>

#include "base/fold.h"
#include "base/merge.h"
#include "base/storage.h"
#include "kernels/arguments.h"

namespace evenkeel {

template <typename S>
struct KernelTable {
  using T = Compute<S>;

  // Spans of at most a partition.
  // (n, mean, M2) of x. M2 is the sum of squares if not centred.
  Moments (*span_moments)(const S* x, size_t n, bool centred);
  // The sums of dy and of dy * (x - mh) * r.
  Sums (*span_gradient_sums)(const S* dy, const S* x, size_t n, T mh, T r);

  // planes: one block of each channel.
  // mean, m2: [channels], of each channel's block.
  void (*planes_moments)(const S* x, const PlaneBlocks& blocks, bool centred, double* mean, double* m2);
  // sum1, sum2: [channels], of each channel's block: the sums of dy and of dy * (x - mh) * r. mh, r: [channels].
  void (*planes_gradient_sums)(const S* dy, const S* x, const PlaneBlocks& blocks, const T* mh, const T* r,
                               double* sum1, double* sum2);
  // planes: planes of any size.
  // y = (x - mh) * a + b
  void (*planes_map)(const PlanesForward<S>& io);
  // dx = (dy * a + ((x - mh) * r) * k2) + k1
  void (*planes_map_gradient)(const PlanesBackward<S>& io);
  // dx = dy * a
  void (*planes_map_given)(const PlanesBackward<S>& io);
  // Reduces, folds and maps `groups` whole groups.
  void (*groups_forward)(const GroupsForward<S>& io, size_t groups);

  // rows: whole rows of at most a partition each.
  // Reduces, folds and maps.
  void (*rows_forward)(const RowsForward<S>& io, size_t rows);
  // Reduces, folds and maps, and adds the rows' dy * xhat to dweight and their dy to dbias.
  void (*rows_backward)(const RowsBackward<S>& io, size_t rows);
  // into[j] += block[j]; block[j] = 0
  void (*rows_end_block)(T* block, double* into, size_t n);
  // gradient[j] += block[j], or += sums[j], added in float64.
  void (*add_block_to_gradient)(const T* block, T* gradient, size_t n);
  void (*add_sums_to_gradient)(const double* sums, T* gradient, size_t n);

  // rows: one row, or a part of one. weight and bias: [n] or null.
  // y = xhat * weight + bias
  void (*part_map)(const S* x, S* y, size_t n, Stores stores, const T* weight, const T* bias, RowFold<T> fold,
                   bool centred);
  // The sums of g and of g * xhat, where g = dy * weight. io.length is the length of the part, at most a partition.
  Sums (*part_gradient_sums)(const RowsBackward<S>& io, RowFold<T> fold);
  // dx = (g * r + xhat * k2) + k1. k1 is left out if not centred. dx = g * r if the statistics are given.
  void (*part_map_gradient)(const RowsBackward<S>& io, RowGradientFold<T> fold);

  // columns: x [rows, channels], at most a partition of rows.
  // mean, m2: [channels], of these rows.
  void (*columns_moments)(const S* x, size_t rows, size_t channels, bool centred, double* mean, double* m2);
  // The sums of dy and of dy * (x - mh) * r are added to sum1 and sum2. sum1, sum2, mh, r: [channels].
  void (*columns_gradient_sums)(const S* dy, const S* x, size_t rows, size_t channels, const T* mh, const T* r,
                                double* sum1, double* sum2);
  // Lowers min and raises max to the least and the greatest element of each column. NaN is skipped. min, max:
  // [channels], at least kLanes. There may be any number of rows.
  void (*columns_extrema)(const S* x, size_t rows, size_t channels, T* min, T* max);
  void (*columns_map)(const S* x, S* y, size_t rows, size_t channels, Stores stores, const ColumnFolds<T>& k);
  void (*columns_map_gradient)(const S* dy, const S* x, S* dx, size_t rows, size_t channels, Stores stores,
                               const ColumnGradientFolds<T>& k);
  // dx = dy * a. a: as in ColumnFolds.
  void (*columns_map_given)(const S* dy, S* dx, size_t rows, size_t channels, Stores stores, const T* a);
};

// An instruction set that this build has and this CPU supports: its name, and its kernels for each element type.
struct Isa {
  const char* name;
  const KernelTable<float>* float32;
  const KernelTable<double>* float64;
};

}  // namespace evenkeel
