#include "kernels/wide_rows.h"

#include "base/ranges.h"

namespace evenkeel {

namespace {

Slot slot_of_row(size_t row, size_t length) { return {row * length, 0, 1, length, 0, 1, 0, 1}; }

// io: RowsForward or RowsBackward.
template <typename Rows>
bool fold_wide_row(const Rows& io, size_t row, WideFold* fold) {
  if (io.given) return fold_given(io.mean[row], io.variance[row], io.eps, fold);
  return fold_elements(io.x, slot_of_row(row, io.length), io.centred, io.eps, fold);
}

}  // namespace

template <typename T>
bool map_wide_row(const RowsForward<T>& io, size_t row) {
  WideFold fold;
  if (!fold_wide_row(io, row, &fold)) return false;
  const Slot slot = slot_of_row(row, io.length);
  if (!io.given) {
    io.mean[row] = fold.slot_mean();
    io.variance[row] = fold.slot_variance();
  }
  map_wide(io.x, slot, io.y, slot, io.weight, io.bias, fold);
  return true;
}

template <typename T>
bool map_wide_group(const GroupsForward<T>& io, size_t group) {
  WideFold fold;
  const size_t channel = (io.first + group) % io.groups * io.planes;
  const Slot slot{group * io.planes * io.spatial, channel, io.planes, io.spatial, io.spatial, 1, 1, 0};
  if (!fold_elements(io.x, slot, io.centred, io.eps, &fold)) return false;
  io.mean[group] = fold.slot_mean();
  io.variance[group] = fold.slot_variance();
  map_wide(io.x, slot, io.y, slot, io.weight, io.bias, fold);
  return true;
}

template <typename T>
bool fold_wide_gradient_row(const RowsBackward<T>& io, size_t row, WideGradient* gradient) {
  WideFold fold;
  if (!fold_wide_row(io, row, &fold)) return false;
  const Slot slot = slot_of_row(row, io.length);
  const Sums sums = sum_line(io.dy, io.x, slot, 0, io.weight, fold);
  // Only the sums are to blame, and float64 has none either: then T gives the same Infinity or NaN.
  const bool folds = are_ordinary_statistics<T>(io.mean[row], io.variance[row], io.eps);
  if (folds && !are_finite(sums)) return false;
  const double count = static_cast<double>(io.length);
  *gradient = {fold, io.given, io.centred ? sums.s1 / count : 0, sums.s2 / count};
  return true;
}

template <typename T>
void map_wide_gradient_part(const RowsBackward<T>& part, const WideGradient& gradient) {
  const Slot slot = slot_of_row(0, part.length);
  map_wide_gradient(part.dy, part.x, slot, part.dx, slot, part.weight, gradient, part.dweight, part.dbias);
}

template <typename T>
bool map_wide_gradient_row(const RowsBackward<T>& io, size_t row) {
  WideGradient gradient;
  if (!fold_wide_gradient_row(io, row, &gradient)) return false;
  const Slot slot = slot_of_row(row, io.length);
  map_wide_gradient(io.dy, io.x, slot, io.dx, slot, io.weight, gradient, io.dweight, io.dbias);
  return true;
}

#define EVENKEEL_WIDE_ROWS(T)                                                             \
  template bool map_wide_row<T>(const RowsForward<T>&, size_t);                           \
  template bool map_wide_group<T>(const GroupsForward<T>&, size_t);                       \
  template bool map_wide_gradient_row<T>(const RowsBackward<T>&, size_t);                 \
  template bool fold_wide_gradient_row<T>(const RowsBackward<T>&, size_t, WideGradient*); \
  template void map_wide_gradient_part<T>(const RowsBackward<T>&, const WideGradient&);
EVENKEEL_WIDE_ROWS(float)
EVENKEEL_WIDE_ROWS(double)
#undef EVENKEEL_WIDE_ROWS

}  // namespace evenkeel
