#include "base/wide.h"

#include <cmath>

#include "base/fold.h"

namespace evenkeel {

namespace {

// If the largest |x| reaches kLarge, values are scaled down, so that no sum of their squares overflows.
constexpr double kLarge = 0x1p480;
constexpr double kLargeUnit = 0x1p-540;
// If it is below kSmall, and eps does not hide the squares of the values, values are scaled up, so that no square
// underflows.
constexpr double kSmall = 0x1p-400;
constexpr double kSmallUnit = 0x1p500;
// If a given |mean| reaches this number, x and the mean are multiplied by a quarter, because their difference could
// overflow.
constexpr double kLargeMean = 0x1p970;
constexpr double kQuarter = 0.25;

// A sum that also adds up its rounding errors (Knuth's TwoSum), so that it is exact within a rounding or two.
class Sum {
 public:
  void add(double value) {
    const double sum = high_ + value;
    const double part = sum - high_;
    low_ += high_ - (sum - part) + (value - part);
    high_ = sum;
  }

  double total() const { return high_ + low_; }

 private:
  double high_ = 0;
  double low_ = 0;
};

// Calls body(x) for each element, in order.
template <typename S, typename Body>
void each_element(const S* x, const Slot& slot, const Body& body) {
  for (size_t i = 0; i < slot.lines; ++i) {
    for (size_t j = 0; j < slot.length; ++j) body(static_cast<double>(x[slot.at(i, j)]));
  }
}

template <typename T>
double value_or(const T* array, size_t i, double absent) {
  return array ? static_cast<double>(array[i]) : absent;
}

}  // namespace

template <typename S>
bool fold_elements(const S* x, const Slot& slot, bool centred, double eps, WideFold* fold) {
  const double count = static_cast<double>(slot.count());
  double largest = 0;
  bool finite = true;
  each_element(x, slot, [&](double value) {
    const double size = std::fabs(value);
    if (!(size < HUGE_VAL)) finite = false;
    if (size > largest) largest = size;
  });
  if (!finite) return false;
  const bool small = largest < kSmall && std::sqrt(eps) < kSmall;
  const double unit = largest >= kLarge ? kLargeUnit : small ? kSmallUnit : 1;
  const double first = static_cast<double>(x[slot.start]);
  double mean = 0;
  if (centred) {
    // The shift by the first element makes the mean of a constant exact.
    const double shift = first * unit;
    Sum sum;
    each_element(x, slot, [&](double value) { sum.add(value * unit - shift); });
    mean = shift + sum.total() / count;
  }
  Sum sum1, sum2;
  each_element(x, slot, [&](double value) {
    const double d = value * unit - mean;
    sum1.add(d);
    sum2.add(d * d);
  });
  const double s1 = sum1.total();
  const double s2 = sum2.total();
  double m2 = s2;
  if (centred) {
    m2 = s2 - s1 * s1 / count;
    if (m2 < 0) m2 = 0;
  }
  // For a constant, the scale depends on eps alone. eps times the square of this unit could underflow to 0.
  if (m2 == 0 && unit == kLargeUnit) {
    *fold = {1, first, 0, rstd_of(0, eps), m2};
    return true;
  }
  *fold = {unit, mean, centred ? s1 / count : 0, rstd_of(m2 / count, eps * unit * unit), m2};
  return true;
}

bool fold_given(double mean, double variance, double eps, WideFold* fold) {
  if (!(std::fabs(mean) < HUGE_VAL && variance + eps < HUGE_VAL)) return false;
  const double unit = std::fabs(mean) < kLargeMean ? 1 : kQuarter;
  *fold = {unit, mean * unit, 0, rstd_of(variance, eps) / unit, 0};
  return true;
}

template <typename S>
void map_wide(const S* x, const Slot& slot, S* y, const Slot& to, const Compute<S>* weight, const Compute<S>* bias,
              const WideFold& fold) {
  for (size_t i = 0; i < slot.lines; ++i) {
    for (size_t j = 0; j < slot.length; ++j) {
      const size_t p = slot.parameter_at(i, j);
      const double scaled = fold.normalized(static_cast<double>(x[slot.at(i, j)])) * value_or(weight, p, 1);
      y[to.at(i, j)] = static_cast<S>(scaled + value_or(bias, p, 0));
    }
  }
}

template <typename S>
Sums sum_line(const S* dy, const S* x, const Slot& slot, size_t line, const Compute<S>* weight, const WideFold& fold) {
  Sum sum1, sum2;
  for (size_t j = 0; j < slot.length; ++j) {
    const size_t at = slot.at(line, j);
    const double g = static_cast<double>(dy[at]) * value_or(weight, slot.parameter_at(line, j), 1);
    sum1.add(g);
    sum2.add(g * fold.normalized(static_cast<double>(x[at])));
  }
  return {sum1.total(), sum2.total()};
}

template <typename S>
void map_wide_gradient(const S* dy, const S* x, const Slot& slot, S* dx, const Slot& to, const Compute<S>* weight,
                       const WideGradient& gradient) {
  const WideFold& fold = gradient.fold;
  const double rstd = fold.scale * fold.unit;
  for (size_t i = 0; i < slot.lines; ++i) {
    for (size_t j = 0; j < slot.length; ++j) {
      const double g = static_cast<double>(dy[slot.at(i, j)]) * value_or(weight, slot.parameter_at(i, j), 1);
      const double xhat = fold.normalized(static_cast<double>(x[slot.at(i, j)]));
      const double flow = gradient.given ? g : g - gradient.g1 - xhat * gradient.g2;
      dx[to.at(i, j)] = static_cast<S>(flow * rstd);
    }
  }
}

template <typename S>
void add_wide_row(const S* dy, const S* x, const Slot& row, const WideFold& fold, Compute<S>* dweight,
                  Compute<S>* dbias) {
  for (size_t j = 0; j < row.length; ++j) {
    const double grad = static_cast<double>(dy[row.at(0, j)]);
    dweight[j] = static_cast<Compute<S>>(static_cast<double>(dweight[j]) +
                                         grad * fold.normalized(static_cast<double>(x[row.at(0, j)])));
    dbias[j] = static_cast<Compute<S>>(static_cast<double>(dbias[j]) + grad);
  }
}

#define EVENKEEL_WIDE(S)                                                                                  \
  template bool fold_elements<S>(const S*, const Slot&, bool, double, WideFold*);                         \
  template void map_wide<S>(const S*, const Slot&, S*, const Slot&, const Compute<S>*, const Compute<S>*, \
                            const WideFold&);                                                             \
  template Sums sum_line<S>(const S*, const S*, const Slot&, size_t, const Compute<S>*, const WideFold&); \
  template void map_wide_gradient<S>(const S*, const S*, const Slot&, S*, const Slot&, const Compute<S>*, \
                                     const WideGradient&);                                                \
  template void add_wide_row<S>(const S*, const S*, const Slot&, const WideFold&, Compute<S>*, Compute<S>*);
EVENKEEL_WIDE(float)
EVENKEEL_WIDE(double)
#undef EVENKEEL_WIDE

}  // namespace evenkeel
