// Sums over rows, per column: what joins those of partitions, and adds them to the parameters' gradients.
#pragma once

#include <cstddef>

namespace evenkeel {

// into[j] += sums[j]
inline void add_sums(const double* sums, size_t n, double* into) {
  for (size_t j = 0; j < n; ++j) into[j] += sums[j];
}

// sums: [2, length], what dweight and dbias [length] get of their columns. Either gradient may be null. `add`: the
// kernel that adds sums of this type to one gradient.
template <typename Sum, typename T>
void add_to_parameters(void (*add)(const Sum*, T*, size_t), const Sum* sums, size_t length, T* dweight, T* dbias) {
  if (dweight) add(sums, dweight, length);
  if (dbias) add(sums + length, dbias, length);
}

}  // namespace evenkeel
