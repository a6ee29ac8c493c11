// Sums over all rows of a range of columns, for the gradients of weight and bias.
#pragma once

#include "base/arithmetic.h"
#include "core/affine_sums.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

// The number of columns that one task takes. Their float64 sums stay in the L1 cache.
constexpr size_t kColumnsPerTask = 1024;

// The sums over all rows of a range of columns, [2, length] each. Blocks of rows are summed in T, partitions and the
// total in float64. If there is only one block of rows, partition_ and total_ are not used.
template <typename T>
class ColumnSums {
 public:
  ColumnSums(size_t rows, size_t length) : rows_(rows), length_(length) {
    clear(block_);
    if (rows <= kSteps) return;
    clear(partition_);
    clear(total_);
  }

  T* block() { return block_; }

  // Call this when the sums of this row have been added to block().
  void end_row(const KernelTable<T>& kernels, size_t row) {
    if (rows_ <= kSteps) return;
    const bool last = row + 1 == rows_;
    if (last || (row + 1) % kSteps == 0) kernels.rows_end_block(block_, partition_, 2 * length_);
    if (last || (row + 1) % kPartitionRows == 0) {
      add_sums(partition_, 2 * length_, total_);
      clear(partition_);
    }
  }

  void add_to(const KernelTable<T>& kernels, T* dweight, T* dbias) const {
    if (rows_ <= kSteps) return add_to_parameters(kernels.add_block_to_gradient, block_, length_, dweight, dbias);
    add_to_parameters(kernels.add_sums_to_gradient, total_, length_, dweight, dbias);
  }

 private:
  template <typename S>
  void clear(S* sums) {
    for (size_t j = 0; j < 2 * length_; ++j) sums[j] = 0;
  }

  const size_t rows_;
  const size_t length_;
  T block_[2 * kColumnsPerTask];
  double partition_[2 * kColumnsPerTask];
  double total_[2 * kColumnsPerTask];
};

}  // namespace evenkeel
