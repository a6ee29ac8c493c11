// What the kernels of kernel_table.h read and write. S is the type that tensors are stored as; T is the type of the
// arithmetic (base/storage.h).
#pragma once

#include <cstddef>

#include "base/cache_lines.h"
#include "base/storage.h"

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
template <typename S>
struct PlanesForward {
  using T = Compute<S>;
  const S* x;
  S* y;
  // The number of planes, and of elements in a plane.
  size_t planes;
  size_t spatial;
  // [planes], the numbers of each plane.
  const T *mh, *a, *b;
  // The number of elements to the same place in the next tile, which is prefetched. 0 if there is no next tile.
  size_t next;
  Stores stores;
};

// The same for planes_map_gradient and planes_map_given. With given statistics, only dy and a are read.
template <typename S>
struct PlanesBackward {
  using T = Compute<S>;
  const S* dy;
  const S* x;
  S* dx;
  size_t planes;
  size_t spatial;
  const T *mh, *r, *a, *k2, *k1;
  size_t next;
  Stores stores;
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
template <typename S>
struct GroupsForward {
  using T = Compute<S>;
  const S* x;
  S* y;
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
  Stores stores;
};

// What rows_forward reads and writes: whole rows of at most a partition each, side by side.
template <typename S>
struct RowsForward {
  using T = Compute<S>;
  const S* x;
  S* y;
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
  Stores stores;
};

// The same for rows_backward, and for a part of a row.
template <typename S>
struct RowsBackward {
  using T = Compute<S>;
  const S* dy;
  const S* x;
  S* dx;
  size_t length;
  const T* weight;
  // One for each row. They are read.
  const double* mean;
  const double* variance;
  double eps;
  bool centred;
  // The statistics are constants, so that dx = g * r.
  bool given;
  Stores stores;
  // [length], to which the sums over a block of rows are added. Both may be null.
  T* dweight;
  T* dbias;
};

}  // namespace evenkeel
