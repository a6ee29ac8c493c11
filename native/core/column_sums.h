// Sums over rows, per column: what joins those of slabs, and adds them to the parameters' gradients.
#pragma once

#include <cstddef>

#include "kernels/kernel_table.h"

namespace evenkeel {

// into[j] += sums[j]
inline void add_column_sums(const double* sums, size_t n, double* into) {
  for (size_t j = 0; j < n; ++j) into[j] += sums[j];
}

// sums: [2, length], what dweight and dbias [length] get of their columns. Either gradient may be null.
template <typename T>
void add_to_parameters(const KernelTable<T>& kernels, const double* sums, size_t length, T* dweight, T* dbias) {
  if (dweight) kernels.add_sums_to_gradient(sums, dweight, length);
  if (dbias) kernels.add_sums_to_gradient(sums + length, dbias, length);
}

// The same from a block's sums.
template <typename T>
void add_block_to_parameters(const KernelTable<T>& kernels, const T* block, size_t length, T* dweight, T* dbias) {
  if (dweight) kernels.add_block_to_gradient(block, dweight, length);
  if (dbias) kernels.add_block_to_gradient(block + length, dbias, length);
}

}  // namespace evenkeel
