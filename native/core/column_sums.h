// Sums over rows, per column: what joins those of slabs, and adds them to the parameters' gradients.
#pragma once

#include <cstddef>

namespace evenkeel {

// into[j] += sums[j]
inline void add_column_sums(const double* sums, size_t n, double* into) {
  for (size_t j = 0; j < n; ++j) into[j] += sums[j];
}

// totals: [2, length], dweight's and dbias's of the columns from `begin` on. Either gradient may be null.
template <typename T>
void add_to_parameters(const double* totals, size_t begin, size_t length, T* dweight, T* dbias) {
  for (size_t j = 0; dweight && j < length; ++j) {
    dweight[begin + j] = static_cast<T>(static_cast<double>(dweight[begin + j]) + totals[j]);
  }
  for (size_t j = 0; dbias && j < length; ++j) {
    dbias[begin + j] = static_cast<T>(static_cast<double>(dbias[begin + j]) + totals[length + j]);
  }
}

}  // namespace evenkeel
