// The rows, and the groups of planes, that take the wide route: what kernels call where one is not ordinary.
#pragma once

#include <cstddef>

#include "base/wide.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

// Each is false where the row or group is T's: a number of it is not finite, or what was replaced is ordinary.

// Replaces statistics that are not ordinary, where they are x's own and not read; then y.
template <typename T>
bool map_wide_row(const RowsForward<T>& io, size_t row);

template <typename T>
bool map_wide_group(const GroupsForward<T>& io, size_t group);

// The sums of g and of g * xhat over a row.
template <typename T>
bool sum_wide_row(const RowsBackward<T>& io, size_t row, Sums* sums);

// What the gradient of a row that is not ordinary is mapped with, from its sums.
template <typename T>
bool fold_wide_gradient_row(const RowsBackward<T>& io, size_t row, const Sums& sums, WideGradient* gradient);

// dx of a row, or a part of one, and its part of the columns' sums.
template <typename T>
void map_wide_gradient_part(const RowsBackward<T>& part, const WideGradient& gradient);

// All three, for a row that is not ordinary; `fold` is what T maps it with, from the replaced sums.
template <typename T>
bool map_wide_gradient_row(const RowsBackward<T>& io, size_t row, RowGradientFold<T>* fold);

}  // namespace evenkeel
