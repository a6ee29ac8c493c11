#include "core/wide_slots.h"

#include "base/ranges.h"
#include "core/wide_moments.h"

namespace evenkeel {

namespace {

// The table entry of a line of a slot.
size_t table_entry(const Plan& plan, size_t index, const Slot& slot, size_t line) {
  if (plan.scope == Scope::batch) return index;
  return index / plan.groups * plan.channels + slot.parameter + line;
}

template <typename T>
T weight_of(const T* weight, size_t c) {
  return weight ? weight[c] : 1;
}

// io: ForwardBuffers or BackwardBuffers. a: from the table.
template <typename T, typename Buffers>
bool is_ordinary_slot(const Plan& plan, const Buffers& io, const Scratch<T>& a, size_t index) {
  if (!are_ordinary_statistics<T>(io.mean[index], io.variance[index], plan.eps)) return false;
  const Slot slot = slot_at(plan, index);
  for (size_t i = 0; i < slot.lines; ++i) {
    const T weight = weight_of(io.weight, slot.parameter_at(i, 0));
    if (!is_ordinary_scale(a[table_entry(plan, index, slot, i)], weight)) return false;
  }
  return true;
}

bool are_finite_sums(const Plan& plan, const GradientSums& sums, size_t index) {
  const Slot slot = slot_at(plan, index);
  for (size_t i = 0; i < slot.lines; ++i) {
    const size_t entry = table_entry(plan, index, slot, i);
    if (!are_finite({sums.sum1[entry], sums.sum2[entry]})) return false;
  }
  return true;
}

// The same tests for all slots at once, which mostly are ordinary.

// statistics: the statistics are known to be ordinary.
template <typename T, typename Buffers>
bool all_slots_are_ordinary(const Plan& plan, const Buffers& io, const Scratch<T>& a, bool statistics) {
  if (!statistics && !all_statistics_are_ordinary<T>(io.mean, io.variance, plan.slots(), plan.eps)) return false;
  // Without a weight, ordinary statistics have an ordinary scale.
  if (!io.weight) return true;
  for (size_t n = 0; n < plan.table_samples(); ++n) {
    if (!all_scales_are_ordinary(a.data() + n * plan.channels, io.weight, plan.channels)) return false;
  }
  return true;
}

bool all_sums_are_finite(const Plan& plan, const GradientSums& sums) {
  for (size_t entry = 0; entry < plan.table_samples() * plan.channels; ++entry) {
    if (!are_finite({sums.sum1[entry], sums.sum2[entry]})) return false;
  }
  return true;
}

// Returns false if the slot's elements, or its given statistics, are not finite. Then the slot does not take the wide
// route.
template <typename Buffers>
bool fold_wide(const Plan& plan, const Buffers& io, size_t index, WideFold* fold) {
  if (plan.given) return fold_given(io.mean[index], io.variance[index], plan.eps, fold);
  return fold_elements(io.x, slot_at(plan, index), plan.centred, plan.eps, fold);
}

// Sets the sums of each entry of the slot. Returns the sums of weight * dy and of weight * dy * xhat over the slot.
template <typename T>
Sums sum_slot(const Plan& plan, const BackwardBuffers<T>& io, size_t index, const WideFold& fold, GradientSums* sums) {
  const Slot slot = slot_at(plan, index);
  Sums total{0, 0};
  for (size_t i = 0; i < slot.lines; ++i) {
    const size_t entry = table_entry(plan, index, slot, i);
    sums->sum1[entry] = sums->sum2[entry] = 0;
  }
  for (size_t i = 0; i < slot.lines; ++i) {
    const Sums line = sum_line<T>(io.dy, io.x, slot, i, nullptr, fold);
    const size_t entry = table_entry(plan, index, slot, i);
    sums->sum1[entry] += line.s1;
    sums->sum2[entry] += line.s2;
    const double gamma = weight_of(io.weight, slot.parameter_at(i, 0));
    total.s1 += gamma * line.s1;
    total.s2 += gamma * line.s2;
  }
  return total;
}

// Whether k2 and k1 of a slot are ordinary. If they are, the sums are finite.
template <typename T>
bool is_ordinary_gradient_of(const Plan& plan, const BackwardTable<T>& table, size_t index) {
  const size_t entry = table_entry(plan, index, slot_at(plan, index), 0);
  return is_ordinary_gradient(table.k2[entry], table.k1[entry]);
}

}  // namespace

template <typename T>
bool are_gradients_ordinary(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table,
                            const GradientSums* sums) {
  const bool gradients = plan.given ? !sums || all_sums_are_finite(plan, *sums)
                                    : all_gradients_are_ordinary(table.k2.data(), table.k1.data(), table.entries);
  return gradients && all_slots_are_ordinary(plan, io, table.a, false);
}

template <typename T>
void replace_sums(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table, GradientSums* sums,
                  const SlotSums& merged) {
  for (size_t index = 0; index < plan.slots(); ++index) {
    const bool gradient =
        plan.given ? are_finite_sums(plan, *sums, index) : is_ordinary_gradient_of(plan, table, index);
    if (gradient && is_ordinary_slot(plan, io, table.a, index)) continue;
    WideFold fold;
    if (!fold_wide(plan, io, index, &fold)) continue;
    const Sums total = sum_slot(plan, io, index, fold, sums);
    if (plan.given) continue;
    merged.sum1[index] = total.s1;
    merged.sum2[index] = total.s2;
  }
}

// Computes the results of the slots that are not ordinary. results(index, values) computes those of one slot. It
// returns false if the slot does not take the wide route.
template <typename T>
template <typename Ordinary, typename Results>
void WideSlots<T>::take_others(const Ordinary& is_ordinary, const Results& results) {
  size_t others = 0;
  for (size_t index = 0; index < plan_.slots(); ++index) others += !is_ordinary(index);
  if (others == 0) return;
  indices_.emplace(others);
  values_.emplace(others * plan_.count());
  for (size_t index = 0; index < plan_.slots(); ++index) {
    if (is_ordinary(index) || !results(index, values_->data() + count_ * plan_.count())) continue;
    (*indices_)[count_++] = index;
  }
}

template <typename T>
WideSlots<T>::WideSlots(const Plan& plan, const ForwardBuffers<T>& io, const ForwardTable<T>& table, bool ordinary)
    : plan_(plan) {
  if (all_slots_are_ordinary(plan, io, table.a, ordinary)) return;
  const auto is_ordinary = [&](size_t index) { return is_ordinary_slot(plan, io, table.a, index); };
  take_others(is_ordinary, [&](size_t index, T* values) {
    WideFold fold;
    if (!fold_wide(plan, io, index, &fold)) return false;
    const Slot slot = slot_at(plan, index);
    map_wide(io.x, slot, values, slot.alone(), io.weight, io.bias, fold);
    return true;
  });
}

template <typename T>
void WideSlots<T>::take(const BackwardBuffers<T>& io, const BackwardTable<T>& table, const SlotSums& merged) {
  const Plan& plan = plan_;
  const double count = static_cast<double>(plan.count());
  const auto sums_of = [&](size_t index) {
    return plan.given ? Sums{0, 0} : Sums{merged.sum1[index], merged.sum2[index]};
  };
  const auto is_ordinary = [&](size_t index) {
    if (!is_ordinary_slot(plan, io, table.a, index)) return false;
    // If only the sums are not ordinary, and are not finite in float64 either, the arithmetic in T gives the same
    // Infinity or NaN.
    return plan.given || is_ordinary_gradient_of(plan, table, index) || !are_finite(sums_of(index));
  };
  take_others(is_ordinary, [&](size_t index, T* values) {
    WideFold fold;
    if (!fold_wide(plan, io, index, &fold)) return false;
    const Slot slot = slot_at(plan, index);
    const Sums total = sums_of(index);
    const WideGradient gradient{fold, plan.given, plan.centred ? total.s1 / count : 0, total.s2 / count};
    map_wide_gradient<T>(io.dy, io.x, slot, values, slot.alone(), io.weight, gradient);
    return true;
  });
}

template <typename T>
void WideSlots<T>::put(T* into) const {
  for (size_t k = 0; k < count_; ++k) {
    const Slot slot = slot_at(plan_, (*indices_)[k]);
    const Slot from = slot.alone();
    const T* values = values_->data() + k * plan_.count();
    for (size_t i = 0; i < slot.lines; ++i) {
      for (size_t j = 0; j < slot.length; ++j) into[slot.at(i, j)] = values[from.at(i, j)];
    }
  }
}

#define EVENKEEL_WIDE_SLOTS(T)                                                                                  \
  template bool are_gradients_ordinary<T>(const Plan&, const BackwardBuffers<T>&, const BackwardTable<T>&,      \
                                          const GradientSums*);                                                 \
  template void replace_sums<T>(const Plan&, const BackwardBuffers<T>&, const BackwardTable<T>&, GradientSums*, \
                                const SlotSums&);                                                               \
  template class WideSlots<T>;
EVENKEEL_WIDE_SLOTS(float)
EVENKEEL_WIDE_SLOTS(double)
#undef EVENKEEL_WIDE_SLOTS

}  // namespace evenkeel
