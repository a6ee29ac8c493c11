// Adds up sums over rows, one for each column: those of partitions, and then to the gradients of weight and bias.
#pragma once

#include <cstddef>

namespace evenkeel {

// into[j] += sums[j]
inline void add_sums(const double* sums, size_t n, double* into) {
  for (size_t j = 0; j < n; ++j) into[j] += sums[j];
}

// Adds `sums` [2, length] to dweight and dbias, [length] each. Either gradient may be null. `add` is the kernel that
// adds sums of this type to one gradient.
template <typename Sum, typename T>
void add_to_parameters(void (*add)(const Sum*, T*, size_t), const Sum* sums, size_t length, T* dweight, T* dbias) {
  if (dweight) add(sums, dweight, length);
  if (dbias) add(sums + length, dbias, length);
}

}  // namespace evenkeel
