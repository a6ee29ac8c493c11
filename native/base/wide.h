// The wide route, for a slot whose numbers leave the range of the arithmetic in Compute<S> (base/ranges.h). It computes
// in float64, one element after another, and scales by a power of two if float64 needs it. src/backend/portable/wide.ts
// has the same lines.
#pragma once

#include <cmath>
#include <cstddef>

#include "base/merge.h"
#include "base/storage.h"

namespace evenkeel {

// The places of a slot's elements. A slot has `lines` lines of `length` elements. Element j of line i is at start + i *
// apart + j * stride. Its weight and bias are at parameter + i * per_line + j * per_element.
struct Slot {
  size_t start;
  size_t parameter;
  size_t lines;
  size_t length;
  size_t apart;
  size_t stride;
  size_t per_line;
  size_t per_element;

  size_t count() const { return lines * length; }
  size_t at(size_t i, size_t j) const { return start + i * apart + j * stride; }
  size_t parameter_at(size_t i, size_t j) const { return parameter + i * per_line + j * per_element; }
  // The same slot in an array of its own, with its lines one after another.
  Slot alone() const { return {0, parameter, lines, length, length, 1, per_line, per_element}; }
};

inline Slot slot_of_row(size_t row, size_t length) { return {row * length, 0, 1, length, 0, 1, 0, 1}; }

// xhat = ((x * unit - mean) - rest) * scale. unit is a power of two, and scale * unit is 1 / sqrt(variance + eps).
struct WideFold {
  double unit;
  double mean;
  double rest;
  double scale;
  // M2 of x * unit. It is 0 for given statistics, because it is not used then.
  double m2;

  double normalized(double x) const { return (x * unit - mean - rest) * scale; }
  // The mean and M2 of the slot, as in moments. M2 is infinite if it overflows float64.
  double slot_mean() const { return (mean + rest) / unit; }
  double slot_m2() const { return m2 / unit / unit; }
};

// dx = ((g - g1) - xhat * g2) * (scale * unit), where g = dy * weight. If the statistics are given, dx = g * (scale *
// unit).
struct WideGradient {
  WideFold fold;
  bool given;
  double g1;
  double g2;
};

inline bool are_finite(const Sums& sums) { return std::fabs(sums.s1) < HUGE_VAL && std::fabs(sums.s2) < HUGE_VAL; }

// These functions return false if an element, or a given statistic, is not finite. Then the slot does not take the wide
// route.
template <typename S>
bool fold_elements(const S* x, const Slot& slot, bool centred, double eps, WideFold* fold);
bool fold_given(double mean, double variance, double eps, WideFold* fold);

// y = xhat * weight + bias, rounded once. `to` has the places of the slot's elements in y.
template <typename S>
void map_wide(const S* x, const Slot& slot, S* y, const Slot& to, const Compute<S>* weight, const Compute<S>* bias,
              const WideFold& fold);

// The sums of g and of g * xhat over one line. g is dy * weight, or dy if `weight` is null.
template <typename S>
Sums sum_line(const S* dy, const S* x, const Slot& slot, size_t line, const Compute<S>* weight, const WideFold& fold);

// Computes dx, rounded once. `to` has the places of the slot's elements in dx.
template <typename S>
void map_wide_gradient(const S* dy, const S* x, const Slot& slot, S* dx, const Slot& to, const Compute<S>* weight,
                       const WideGradient& gradient);

// Adds a row's dy * xhat to dweight, and its dy to dbias.
template <typename S>
void add_wide_row(const S* dy, const S* x, const Slot& row, const WideFold& fold, Compute<S>* dweight,
                  Compute<S>* dbias);

}  // namespace evenkeel
