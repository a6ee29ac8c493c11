// The kernels of one instruction set for one element type: the reduce and the map of each pattern. A call of a kernel
// runs on one thread and over one range. Kernels know no layers, allocate nothing, and throw nothing.
// src/backend/portable has the same passes in TypeScript.
#pragma once

#include <cstddef>

#include "base/arithmetic.h"
#include "base/cache_lines.h"
#include "base/compiler.h"
#include "base/fold.h"
#include "base/merge.h"

namespace evenkeel {

// One block of planes of each of several neighbouring channels.
struct PlaneBlocks {
  // The number of channels. Their blocks begin `spatial` elements apart.
  size_t channels;
  // The number of planes in a block, and of elements in a plane.
  size_t planes;
  size_t spatial;
  // The number of elements from the beginning of a plane of a block to that of the next.
  size_t apart;
};

// What planes_map reads and writes: planes that lie side by side.
template <typename T>
struct PlanesForward {
  const T* x;
  T* y;
  // The number of planes, and of elements in a plane.
  size_t planes;
  size_t spatial;
  // [planes], the numbers of each plane.
  const T *mh, *a, *b;
  // The number of elements to the same place in the next tile, which is prefetched. 0 if there is no next tile.
  size_t next;
  // As in KernelTable.
  bool non_temporal;
};

// The same for planes_map_gradient and planes_map_given. With given statistics, only dy and a are read.
template <typename T>
struct PlanesBackward {
  const T* dy;
  const T* x;
  T* dx;
  size_t planes;
  size_t spatial;
  const T *mh, *r, *a, *k2, *k1;
  size_t next;
  bool non_temporal;
};

// The numbers of each channel of columns, [channels + kRepeated<T>] each. The first numbers are repeated after the last
// ones, so that a vector that begins at any channel can load its numbers.
template <typename T>
struct ColumnFolds {
  const T *mh, *a, *b;
};
template <typename T>
struct ColumnGradientFolds {
  const T *mh, *r, *a, *k2, *k1;
};
template <typename T>
constexpr size_t kRepeated = kLineElements<T>;

// What groups_forward reads and writes: whole groups of planes, side by side.
template <typename T>
struct GroupsForward {
  const T* x;
  T* y;
  // The number of planes in a group, and of elements in a plane.
  size_t planes;
  size_t spatial;
  // The number of groups in a sample, and the index in its sample of the first group of the call.
  size_t groups;
  size_t first;
  // [groups * planes] or null.
  const T* weight;
  const T* bias;
  // One for each group of the call. They are written.
  double* mean;
  double* variance;
  // Added to the variance.
  double eps;
  // False: the mean is taken as 0.
  bool centred;
  // As in KernelTable.
  bool non_temporal;
};

// What rows_forward reads and writes: whole rows of at most a partition each, side by side.
template <typename T>
struct RowsForward {
  const T* x;
  T* y;
  // The number of elements in a row.
  size_t length;
  // [length] or null.
  const T* weight;
  const T* bias;
  // One for each row. They are read if `given`, and written otherwise.
  double* mean;
  double* variance;
  // Added to the variance.
  double eps;
  // False: the mean is taken as 0.
  bool centred;
  bool given;
  // The statistics are those of x, so that the wide route may compute them from x again.
  bool own;
  // As in KernelTable.
  bool non_temporal;
  // The cache lines of x and y are prefetched, which pays for short rows that stream from memory.
  bool prefetches;
};

// The same for rows_backward, and for a part of a row.
template <typename T>
struct RowsBackward {
  const T* dy;
  const T* x;
  T* dx;
  size_t length;
  const T* weight;
  // One for each row. They are read.
  const double* mean;
  const double* variance;
  double eps;
  bool centred;
  // The statistics are constants, so that dx = g * r.
  bool given;
  bool non_temporal;
  // The cache lines of dx are prefetched, too.
  bool prefetches;
  // [length], to which the sums over a block of rows are added. Both may be null.
  T* dweight;
  T* dbias;
};

// non_temporal: the kernel writes its result with non-temporal stores if the CPU has them (runtime/cache.h tells when
// that pays).
template <typename T>
struct KernelTable {
  // Spans of at most a partition.
  // (n, mean, M2) of x. M2 is the sum of squares if not centred.
  Moments (*span_moments)(const T* x, size_t n, bool centred);
  // The sums of dy and of dy * (x - mh) * r.
  Sums (*span_gradient_sums)(const T* dy, const T* x, size_t n, T mh, T r);

  // planes: one block of each channel.
  // mean, m2: [channels], of each channel's block.
  void (*planes_moments)(const T* x, const PlaneBlocks& blocks, bool centred, double* mean, double* m2);
  // sum1, sum2: [channels], of each channel's block: the sums of dy and of dy * (x - mh) * r. mh, r: [channels].
  void (*planes_gradient_sums)(const T* dy, const T* x, const PlaneBlocks& blocks, const T* mh, const T* r,
                               double* sum1, double* sum2);
  // planes: planes of any size.
  // y = (x - mh) * a + b
  void (*planes_map)(const PlanesForward<T>& io);
  // dx = (dy * a + ((x - mh) * r) * k2) + k1
  void (*planes_map_gradient)(const PlanesBackward<T>& io);
  // dx = dy * a
  void (*planes_map_given)(const PlanesBackward<T>& io);
  // Reduces, folds and maps `groups` whole groups.
  void (*groups_forward)(const GroupsForward<T>& io, size_t groups);

  // rows: whole rows of at most a partition each.
  // Reduces, folds and maps.
  void (*rows_forward)(const RowsForward<T>& io, size_t rows);
  // Reduces, folds and maps, and adds the rows' dy * xhat to dweight and their dy to dbias.
  void (*rows_backward)(const RowsBackward<T>& io, size_t rows);
  // into[j] += block[j]; block[j] = 0
  void (*rows_end_block)(T* block, double* into, size_t n);
  // gradient[j] += block[j], or += sums[j], added in float64.
  void (*add_block_to_gradient)(const T* block, T* gradient, size_t n);
  void (*add_sums_to_gradient)(const double* sums, T* gradient, size_t n);

  // rows: one row, or a part of one. weight and bias: [n] or null.
  // y = xhat * weight + bias
  void (*part_map)(const T* x, T* y, size_t n, bool non_temporal, const T* weight, const T* bias, RowFold<T> fold,
                   bool centred);
  // The sums of g and of g * xhat, where g = dy * weight. io.length is the length of the part, at most a partition.
  Sums (*part_gradient_sums)(const RowsBackward<T>& io, RowFold<T> fold);
  // dx = (g * r + xhat * k2) + k1. k1 is left out if not centred. dx = g * r if the statistics are given.
  void (*part_map_gradient)(const RowsBackward<T>& io, RowGradientFold<T> fold);

  // columns: x [rows, channels], at most a partition of rows.
  // mean, m2: [channels], of these rows.
  void (*columns_moments)(const T* x, size_t rows, size_t channels, bool centred, double* mean, double* m2);
  // The sums of dy and of dy * (x - mh) * r are added to sum1 and sum2. sum1, sum2, mh, r: [channels].
  void (*columns_gradient_sums)(const T* dy, const T* x, size_t rows, size_t channels, const T* mh, const T* r,
                                double* sum1, double* sum2);
  void (*columns_map)(const T* x, T* y, size_t rows, size_t channels, bool non_temporal, const ColumnFolds<T>& k);
  void (*columns_map_gradient)(const T* dy, const T* x, T* dx, size_t rows, size_t channels, bool non_temporal,
                               const ColumnGradientFolds<T>& k);
  // dx = dy * a. a: as in ColumnFolds.
  void (*columns_map_given)(const T* dy, T* dx, size_t rows, size_t channels, bool non_temporal, const T* a);
};

// An instruction set that this build has and this CPU supports: its name, and its kernels for each element type.
struct Isa {
  const char* name;
  const KernelTable<float>* float32;
  const KernelTable<double>* float64;
};

}  // namespace evenkeel
