#include "core/wide_moments.h"

#include "base/merge.h"
#include "base/ranges.h"

namespace evenkeel {

Slot slot_at(const Plan& plan, size_t index) {
  if (plan.pattern == Pattern::rows) return slot_of_row(index, plan.spatial);
  const bool batch = plan.scope == Scope::batch;
  const bool planes = plan.pattern == Pattern::planes;
  const size_t lines = batch ? plan.samples : plan.channels / plan.groups;
  const size_t sample = batch ? 0 : index / plan.groups;
  const size_t parameter = batch ? index : index % plan.groups * lines;
  const size_t channel = planes ? plan.spatial : 1;
  return {sample * plan.stride * plan.spatial + parameter * channel,
          parameter,
          lines,
          plan.spatial,
          batch ? plan.stride * plan.spatial : channel,
          planes ? 1 : plan.stride,
          size_t{!batch},
          0};
}

template <typename T>
void replace_moments(const Plan& plan, const MomentsBuffers<T>& io) {
  const double count = static_cast<double>(plan.count());
  for (size_t index = 0; index < plan.slots(); ++index) {
    if (are_ordinary_statistics<T>(io.mean[index], variance_of(count, io.m2[index]), plan.eps)) continue;
    WideFold fold;
    if (!fold_elements(io.x, slot_at(plan, index), plan.centred, plan.eps, &fold)) continue;
    io.mean[index] = fold.slot_mean();
    io.m2[index] = fold.slot_m2();
  }
}

template <typename T>
void replace_statistics(const Plan& plan, const ForwardBuffers<T>& io) {
  const double count = static_cast<double>(plan.count());
  for (size_t index = 0; index < plan.slots(); ++index) {
    if (are_ordinary_statistics<T>(io.mean[index], io.variance[index], plan.eps)) continue;
    WideFold fold;
    if (!fold_elements(io.x, slot_at(plan, index), plan.centred, plan.eps, &fold)) continue;
    io.mean[index] = fold.slot_mean();
    io.variance[index] = variance_of(count, fold.slot_m2());
  }
}

#define EVENKEEL_WIDE_MOMENTS(T)                                           \
  template void replace_moments<T>(const Plan&, const MomentsBuffers<T>&); \
  template void replace_statistics<T>(const Plan&, const ForwardBuffers<T>&);
EVENKEEL_WIDE_MOMENTS(float)
EVENKEEL_WIDE_MOMENTS(double)
#undef EVENKEEL_WIDE_MOMENTS

}  // namespace evenkeel
