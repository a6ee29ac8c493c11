// The rows, and the groups of planes, that take the wide route. Kernels call these functions if a row or a group is not
// ordinary.
#pragma once

#include <cstddef>

#include "base/wide.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

// These functions return false if the row or the group does not take the wide route: one of its numbers is not finite,
// or its replaced statistics are ordinary.

// Replaces the statistics of the row, unless io.given. Then computes y.
template <typename S>
bool map_wide_row(const RowsForward<S>& io, size_t row);

template <typename S>
bool map_wide_group(const GroupsForward<S>& io, size_t group);

// Computes the numbers that the gradient of a row that is not ordinary is mapped with. Its sums are computed anew.
template <typename S>
bool fold_wide_gradient_row(const RowsBackward<S>& io, size_t row, WideGradient* gradient);

// Computes dx of a row or of a part of one, and adds to its dweight and dbias.
template <typename S>
void map_wide_gradient_part(const RowsBackward<S>& part, const WideGradient& gradient);

// The two functions above, for a row that is not ordinary.
template <typename S>
bool map_wide_gradient_row(const RowsBackward<S>& io, size_t row);

}  // namespace evenkeel
