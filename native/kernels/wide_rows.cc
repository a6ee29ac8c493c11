#include "kernels/wide_rows.h"

#include "base/ranges.h"

namespace evenkeel {

namespace {

// Replaces the statistics with those of a fold.
void put_statistics(const WideFold& fold, size_t count, double* mean, double* variance) {
  *mean = fold.slot_mean();
  *variance = variance_of(static_cast<double>(count), fold.slot_m2());
}

template <typename S>
bool is_ordinary_group(const GroupsForward<S>& io, size_t group, size_t first_channel) {
  if (!are_ordinary_statistics<Compute<S>>(io.mean[group], io.variance[group], io.eps)) return false;
  const double rstd = rstd_of(io.variance[group], io.eps);
  for (size_t c = first_channel; io.weight && c < first_channel + io.planes; ++c) {
    if (!is_ordinary_scale(static_cast<Compute<S>>(rstd * static_cast<double>(io.weight[c])), io.weight[c]))
      return false;
  }
  return true;
}

template <typename S>
bool fold_wide_row(const RowsBackward<S>& io, size_t row, WideFold* fold) {
  if (io.given) return fold_given(io.mean[row], io.variance[row], io.eps, fold);
  return fold_elements(io.x, slot_of_row(row, io.length), io.centred, io.eps, fold);
}

}  // namespace

template <typename S>
bool map_wide_row(const RowsForward<S>& io, size_t row) {
  WideFold fold;
  const Slot slot = slot_of_row(row, io.length);
  const bool folds = io.own ? fold_elements(io.x, slot, io.centred, io.eps, &fold)
                            : fold_given(io.mean[row], io.variance[row], io.eps, &fold);
  if (!folds) return false;
  if (!io.given) {
    put_statistics(fold, io.length, io.mean + row, io.variance + row);
    if (are_ordinary_statistics<Compute<S>>(io.mean[row], io.variance[row], io.eps)) return false;
  }
  map_wide(io.x, slot, io.y, slot, io.weight, io.bias, fold);
  return true;
}

template <typename S>
bool map_wide_group(const GroupsForward<S>& io, size_t group) {
  WideFold fold;
  const size_t channel = (io.first + group) % io.groups * io.planes;
  const Slot slot{group * io.planes * io.spatial, channel, io.planes, io.spatial, io.spatial, 1, 1, 0};
  if (!fold_elements(io.x, slot, io.centred, io.eps, &fold)) return false;
  if (!are_ordinary_statistics<Compute<S>>(io.mean[group], io.variance[group], io.eps)) {
    put_statistics(fold, slot.count(), io.mean + group, io.variance + group);
    if (is_ordinary_group(io, group, channel)) return false;
  }
  map_wide(io.x, slot, io.y, slot, io.weight, io.bias, fold);
  return true;
}

template <typename S>
bool fold_wide_gradient_row(const RowsBackward<S>& io, size_t row, WideGradient* gradient) {
  WideFold fold;
  if (!fold_wide_row(io, row, &fold)) return false;
  Sums sums{0, 0};
  if (!io.given) sums = sum_line(io.dy, io.x, slot_of_row(row, io.length), 0, io.weight, fold);
  // Only the sums are not ordinary, and float64 cannot hold them either. Then the arithmetic in Compute<S> gives the
  // same Infinity or NaN.
  const bool folds = are_ordinary_statistics<Compute<S>>(io.mean[row], io.variance[row], io.eps);
  if (folds && !are_finite(sums)) return false;
  const double count = static_cast<double>(io.length);
  *gradient = {fold, io.given, io.centred ? sums.s1 / count : 0, sums.s2 / count};
  return true;
}

template <typename S>
void map_wide_gradient_part(const RowsBackward<S>& part, const WideGradient& gradient) {
  const Slot slot = slot_of_row(0, part.length);
  if (part.dweight) add_wide_row(part.dy, part.x, slot, gradient.fold, part.dweight, part.dbias);
  map_wide_gradient(part.dy, part.x, slot, part.dx, slot, part.weight, gradient);
}

template <typename S>
bool map_wide_gradient_row(const RowsBackward<S>& io, size_t row) {
  WideGradient gradient;
  if (!fold_wide_gradient_row(io, row, &gradient)) return false;
  RowsBackward<S> part = io;
  part.dy += row * io.length;
  part.x += row * io.length;
  part.dx += row * io.length;
  map_wide_gradient_part(part, gradient);
  return true;
}

#define EVENKEEL_WIDE_ROWS(S)                                                             \
  template bool map_wide_row<S>(const RowsForward<S>&, size_t);                           \
  template bool map_wide_group<S>(const GroupsForward<S>&, size_t);                       \
  template bool fold_wide_gradient_row<S>(const RowsBackward<S>&, size_t, WideGradient*); \
  template void map_wide_gradient_part<S>(const RowsBackward<S>&, const WideGradient&);   \
  template bool map_wide_gradient_row<S>(const RowsBackward<S>&, size_t);
EVENKEEL_WIDE_ROWS(float)
EVENKEEL_WIDE_ROWS(double)
#undef EVENKEEL_WIDE_ROWS

}  // namespace evenkeel
