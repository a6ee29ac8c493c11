#include "core/groups.h"

#include "runtime/cache.h"
#include "runtime/parallel.h"

namespace evenkeel {

namespace {

// The most bytes of a group. Two groups must fit in the caches of a core.
constexpr size_t kMostGroupBytes = size_t{1} << 20;

template <typename T>
size_t moved_bytes(const Plan& plan) {
  return 2 * plan.size() * sizeof(T);
}

}  // namespace

template <typename T>
bool takes_groups(const Plan& plan) {
  if (plan.scope != Scope::group || plan.given || plan.count() * sizeof(T) > kMostGroupBytes) return false;
  return keeps_busy(plan.slots(), workers_for(plan.size(), moved_bytes<T>(plan)));
}

template <typename T>
void groups_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  const size_t bytes = moved_bytes<T>(plan);
  const Stores stores = stores_for(bytes, io.x == io.y);
  const auto range = [&](size_t begin, size_t end, size_t) {
    const size_t at = begin * plan.count();
    kernels.groups_forward(
        {io.x + at, io.y + at, plan.channels / plan.groups, plan.spatial, plan.groups, begin % plan.groups, io.weight,
         io.bias, io.mean + begin, io.variance + begin, plan.eps, plan.centred, stores},
        end - begin);
  };
  parallel_ranges(plan.slots(), workers_for(plan.slots(), bytes), range);
}

#define EVENKEEL_GROUPS(T)                    \
  template bool takes_groups<T>(const Plan&); \
  template void groups_forward<T>(const Plan&, const KernelTable<T>&, const ForwardBuffers<T>&);
EVENKEEL_GROUPS(float)
EVENKEEL_GROUPS(double)
#undef EVENKEEL_GROUPS

}  // namespace evenkeel
