// The wide route of a slot whose numbers leave the range of the arithmetic in T (base/ranges.h): in float64, one
// element after another, scaled by a power of two where float64 needs it. src/backend/portable/wide.ts has the same
// lines.
#pragma once

#include <cmath>
#include <cstddef>

#include "base/merge.h"

namespace evenkeel {

// Where a slot's elements lie: element j of line i at start + i * apart + j * stride. It takes entry
// parameter + i * per_line + j * per_element of weight and bias.
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
  // The same slot, its lines one after another.
  Slot alone() const { return {0, parameter, lines, length, length, 1, per_line, per_element}; }
};

inline Slot slot_of_row(size_t row, size_t length) { return {row * length, 0, 1, length, 0, 1, 0, 1}; }

// xhat = ((x * unit - mean) - rest) * scale; 1 / sqrt(variance + eps) is scale * unit, and unit a power of two.
struct WideFold {
  double unit;
  double mean;
  double rest;
  double scale;
  // Of x * unit; 0 of given statistics, where nobody asks for it.
  double m2;

  double normalized(double x) const { return (x * unit - mean - rest) * scale; }
  // As moments have them. M2 is infinite where it leaves float64.
  double slot_mean() const { return (mean + rest) / unit; }
  double slot_m2() const { return m2 / unit / unit; }
};

// dx = ((g - g1) - xhat * g2) * (scale * unit) with g = dy * weight; g * (scale * unit) where statistics are given.
struct WideGradient {
  WideFold fold;
  bool given;
  double g1;
  double g2;
};

inline bool are_finite(const Sums& sums) { return std::fabs(sums.s1) < HUGE_VAL && std::fabs(sums.s2) < HUGE_VAL; }

// False where an element is not finite, or a given number: then the slot stays with the others.
template <typename T>
bool fold_elements(const T* x, const Slot& slot, bool centred, double eps, WideFold* fold);
bool fold_given(double mean, double variance, double eps, WideFold* fold);

// y = xhat * weight + bias, rounded once. to: where the slot lies in y.
template <typename T>
void map_wide(const T* x, const Slot& slot, T* y, const Slot& to, const T* weight, const T* bias, const WideFold& fold);

// Sums of g and of g * xhat over one line; g is dy * weight, or dy where `weight` is null.
template <typename T>
Sums sum_line(const T* dy, const T* x, const Slot& slot, size_t line, const T* weight, const WideFold& fold);

// dx, rounded once. to: where the slot lies in dx.
template <typename T>
void map_wide_gradient(const T* dy, const T* x, const Slot& slot, T* dx, const Slot& to, const T* weight,
                       const WideGradient& gradient);

// Adds a row's dy * xhat and dy to dweight and dbias: its part of the columns' sums.
template <typename T>
void add_wide_row(const T* dy, const T* x, const Slot& row, const WideFold& fold, T* dweight, T* dbias);

}  // namespace evenkeel
