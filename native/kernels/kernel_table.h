// The kernels of one instruction set for one element type: reduce and map of each pattern, one thread, one range.
// Kernels know no layers, allocate nothing, and throw nothing. src/backend/portable has the same passes in TypeScript.
#pragma once

#include <cstddef>

#include "base/arithmetic.h"
#include "base/cache_lines.h"
#include "base/compiler.h"
#include "base/fold.h"
#include "base/merge.h"

namespace evenkeel {

// Neighbouring channels' blocks of planes: of each channel `planes` planes, `apart` elements from one to the next.
struct PlaneBlocks {
  size_t channels;
  size_t planes;
  size_t spatial;
  size_t apart;
};

// Planes that lie side by side, and what maps them: the numbers of each plane. next: how many elements further the same
// place of the next tile lies, 0 where there is none.
template <typename T>
struct PlanesForward {
  const T* x;
  T* y;
  size_t planes;
  size_t spatial;
  const T *mh, *a, *b;
  size_t next;
  bool non_temporal;
};

// The same for a backward pass; where the statistics are given, dy and a alone are read.
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

// The numbers of each channel of columns, [channels + kRepeated<T>] each: the first ones again after the last, so that
// any vector that begins at a channel finds its numbers.
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

// Whole groups of planes, side by side: what a forward pass over them reads and writes. weight,
// bias: [groups * planes] or null; `first`: the place among a sample's groups of the first one.
template <typename T>
struct GroupsForward {
  const T* x;
  T* y;
  size_t planes;
  size_t spatial;
  size_t groups;
  size_t first;
  const T* weight;
  const T* bias;
  double* mean;
  double* variance;
  double eps;
  bool centred;
  bool non_temporal;
};

// Whole rows of at most a partition each, side by side: what a forward pass over them reads and writes. given: mean and
// variance are read; own: they are those of x, which may be looked at again. prefetches: all lines are asked for, those
// of the result too, as short rows from memory need it.
template <typename T>
struct RowsForward {
  const T* x;
  T* y;
  size_t length;
  const T* weight;
  const T* bias;
  double* mean;
  double* variance;
  double eps;
  bool centred;
  bool given;
  bool own;
  bool non_temporal;
  bool prefetches;
};

// The same for a backward pass. given: statistics are constants. dweight, dbias: [length], what the sums over a block
// of rows are added to, or both null.
template <typename T>
struct RowsBackward {
  const T* dy;
  const T* x;
  T* dx;
  size_t length;
  const T* weight;
  const double* mean;
  const double* variance;
  double eps;
  bool centred;
  bool given;
  bool non_temporal;
  bool prefetches;
  T* dweight;
  T* dbias;
};

// `non_temporal`: results are written with non-temporal stores, where that is possible (runtime/cache.h says when it
// pays).
template <typename T>
struct KernelTable {
  // Spans: elements that lie side by side, at most a partition of them.
  // (n, mean, M2) of x; M2 is the sum of squares where not centred.
  Moments (*span_moments)(const T* x, size_t n, bool centred);
  // Sums of dy and of dy * (x - mh) * r.
  Sums (*span_gradient_sums)(const T* dy, const T* x, size_t n, T mh, T r);

  // planes, of at most a block each.
  // mean, m2: [channels], of each channel's block.
  void (*planes_moments)(const T* x, const PlaneBlocks& blocks, bool centred, double* mean, double* m2);
  // Sums of dy and of dy * (x - mh) * r: [channels], of each channel's block; mh, r: [channels].
  void (*planes_gradient_sums)(const T* dy, const T* x, const PlaneBlocks& blocks, const T* mh, const T* r,
                               double* sum1, double* sum2);
  // planes of any size.
  // y = (x - mh) * a + b
  void (*planes_map)(const PlanesForward<T>& io);
  // dx = (dy * a + ((x - mh) * r) * k2) + k1
  void (*planes_map_gradient)(const PlanesBackward<T>& io);
  // dx = dy * a
  void (*planes_map_given)(const PlanesBackward<T>& io);
  // Reduce, fold and map whole groups of planes.
  void (*groups_forward)(const GroupsForward<T>& io, size_t groups);

  // rows: whole rows of at most a partition each.
  // Reduce, fold and map.
  void (*rows_forward)(const RowsForward<T>& io, size_t rows);
  // Reduce, fold and map, and the sums over the rows of dy and dy * xhat.
  void (*rows_backward)(const RowsBackward<T>& io, size_t rows);
  // into[j] += block[j]; block[j] = 0
  void (*rows_end_block)(T* block, double* into, size_t n);
  // gradient[j] += block[j], or sums[j], added in float64.
  void (*add_block_to_gradient)(const T* block, T* gradient, size_t n);
  void (*add_sums_to_gradient)(const double* sums, T* gradient, size_t n);

  // rows: one row, or part of one; weight and bias: [n] or null.
  // y = xhat * weight + bias
  void (*part_map)(const T* x, T* y, size_t n, bool non_temporal, const T* weight, const T* bias, RowFold<T> fold,
                   bool centred);
  // Sums of g and of g * xhat with g = dy * weight; io.length is the part's, at most a partition.
  Sums (*part_gradient_sums)(const RowsBackward<T>& io, RowFold<T> fold);
  // dx = (g * r + xhat * k2) + k1, without k1 where not centred; dx = g * r where the statistics are given.
  void (*part_map_gradient)(const RowsBackward<T>& io, RowGradientFold<T> fold);

  // columns: x [rows, channels], rows at most a partition.
  // mean, m2: [channels], of these rows.
  void (*columns_moments)(const T* x, size_t rows, size_t channels, bool centred, double* mean, double* m2);
  // sum1, sum2: [channels], added to; mh, r: [channels].
  void (*columns_gradient_sums)(const T* dy, const T* x, size_t rows, size_t channels, const T* mh, const T* r,
                                double* sum1, double* sum2);
  void (*columns_map)(const T* x, T* y, size_t rows, size_t channels, bool non_temporal, const ColumnFolds<T>& k);
  void (*columns_map_gradient)(const T* dy, const T* x, T* dx, size_t rows, size_t channels, bool non_temporal,
                               const ColumnGradientFolds<T>& k);
  // a: as in ColumnFolds
  void (*columns_map_given)(const T* dy, T* dx, size_t rows, size_t channels, bool non_temporal, const T* a);
};

// Every instruction set that this build has and this CPU runs.
struct Isa {
  const char* name;
  const KernelTable<float>* float32;
  const KernelTable<double>* float64;
};

}  // namespace evenkeel
