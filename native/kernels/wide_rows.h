// The rows, and the groups of planes, that take the wide route: what kernels call where one is not ordinary.
#pragma once

#include <cstddef>

#include "base/wide.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

// Each is false where a number of the row is not finite: then nothing was done, and the row stays with the others.

template <typename T>
bool map_wide_row(const RowsForward<T>& io, size_t row);

template <typename T>
bool map_wide_group(const GroupsForward<T>& io, size_t group);

// dx of a row, and its part of the columns' sums.
template <typename T>
bool map_wide_gradient_row(const RowsBackward<T>& io, size_t row);

// The same in two steps, for a row that is mapped by parts.
template <typename T>
bool fold_wide_gradient_row(const RowsBackward<T>& io, size_t row, WideGradient* gradient);
template <typename T>
void map_wide_gradient_part(const RowsBackward<T>& part, const WideGradient& gradient);

}  // namespace evenkeel
