// planes: x [N, C, S]. The S elements of a channel lie side by side, and so do the planes of a group.

#include "core/groups.h"
#include "core/pass.h"
#include "core/slabs.h"
#include "core/tiled_pass.h"
#include "core/wide_slots.h"

namespace evenkeel {

namespace {

// Where plane n * C + c of a plan lies in x.
size_t place_of(const Plan& plan, size_t plane) {
  return (plane / plan.channels * plan.stride + plane % plan.channels) * plan.spatial;
}

// The entry of a table for the same plane.
size_t cell_of(const Plan& plan, size_t plane) { return plan.scope == Scope::batch ? plane % plan.channels : plane; }

// A group's planes are one run; a channel of the batch is merged from one run per sample.
template <typename T>
void moments(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  const bool grouped = plan.scope == Scope::group;
  const size_t runs = grouped ? plan.slots() : plan.samples * plan.channels;
  const size_t planes_per_run = grouped ? plan.channels / plan.groups : 1;
  const Slabs slabs(runs, grouped ? plan.count() : plan.spatial, kSlab<T>);
  Scratch<Cell> cells(slabs.tasks);
  parallel_for(slabs.tasks, plan.size() * sizeof(T), [&](size_t task) {
    const auto slab = slabs[task];
    const T* run = io.x + place_of(plan, slab.index * planes_per_run);
    cells[task] = kernels.run_moments(run + slab.begin, slab.length, plan.centred);
  });
  const size_t runs_per_slot = grouped ? 1 : plan.samples;
  for (size_t slot = 0; slot < plan.slots(); ++slot) {
    Cell total;
    for (size_t n = 0; n < runs_per_slot; ++n) {
      const size_t run_index = grouped ? slot : n * plan.channels + slot;
      Cell run;
      for (size_t i = 0; i < slabs.per_run; ++i) {
        const Cell& cell = cells[run_index * slabs.per_run + i];
        merge(&run, cell.count, cell.mean, cell.m2);
      }
      merge(&total, run.count, run.mean, run.m2);
    }
    io.mean[slot] = total.mean;
    io.variance[slot] = variance_of(total);
  }
}

// Sums per plane: its slabs', in order.
template <typename T>
void gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io,
                   const BackwardTable<T>& table, GradientSums* sums) {
  const size_t planes = plan.samples * plan.channels;
  const Slabs slabs(planes, plan.spatial, kSlab<T>);
  Scratch<Sums> parts(slabs.tasks);
  parallel_for(slabs.tasks, 2 * plan.size() * sizeof(T), [&](size_t task) {
    const auto slab = slabs[task];
    const size_t at = place_of(plan, slab.index) + slab.begin;
    const size_t cell = cell_of(plan, slab.index);
    parts[task] = kernels.run_gradient_sums(io.dy + at, io.x + at, slab.length, table.mh[cell], table.r[cell]);
  });
  sums->sum1.fill_zero();
  sums->sum2.fill_zero();
  for (size_t task = 0; task < slabs.tasks; ++task) {
    sums->sum1[task / slabs.per_run] += parts[task].s1;
    sums->sum2[task / slabs.per_run] += parts[task].s2;
  }
}

template <typename T>
void map(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, const ForwardTable<T>& table,
         size_t next, bool past_cache) {
  const Slabs slabs(plan.samples * plan.channels, plan.spatial, kSlab<T>);
  parallel_for(slabs.tasks, 2 * plan.size() * sizeof(T), [&](size_t task) {
    const auto slab = slabs[task];
    const size_t at = place_of(plan, slab.index) + slab.begin;
    const size_t cell = cell_of(plan, slab.index);
    kernels.planes_map(io.x + at, io.y + at, slab.length, next, past_cache,
                       {table.mh[cell], table.a[cell], table.b[cell]});
  });
}

template <typename T>
void map_gradient(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io,
                  const BackwardTable<T>& table, size_t next, bool past_cache) {
  const Slabs slabs(plan.samples * plan.channels, plan.spatial, kSlab<T>);
  parallel_for(slabs.tasks, 3 * plan.size() * sizeof(T), [&](size_t task) {
    const auto slab = slabs[task];
    const size_t at = place_of(plan, slab.index) + slab.begin;
    const size_t cell = cell_of(plan, slab.index);
    if (plan.given) {
      kernels.planes_map_given(io.dy + at, io.dx + at, slab.length, past_cache, table.a[cell]);
    } else {
      kernels.planes_map_gradient(io.dy + at, io.x + at, io.dx + at, slab.length, next, past_cache,
                                  {table.mh[cell], table.r[cell], table.a[cell], table.k2[cell], table.k1[cell]});
    }
  });
}

}  // namespace

template <typename T>
void planes_forward(const Plan& whole, const KernelTable<T>& kernels, const ForwardBuffers<T>& all) {
  if (takes_groups<T>(whole)) return groups_forward(whole, kernels, all);
  forward_tiles(whole, all, [&](const Plan& plan, const ForwardBuffers<T>& io, bool past_cache) {
    ForwardTable<T> table(plan);
    if (!plan.given) moments(plan, kernels, io);
    fold_forward(plan, io, &table);
    const WideSlots<T> wide(plan, io, table);
    map(plan, kernels, io, table, to_next_tile(whole, plan), past_cache);
    wide.put(io.y);
  });
}

template <typename T>
void planes_backward(const Plan& whole, const KernelTable<T>& kernels, const BackwardBuffers<T>& all) {
  backward_tiles(whole, all, [&](const Plan& plan, const BackwardBuffers<T>& io, bool past_cache, GradientSums* sums) {
    BackwardTable<T> table(plan);
    const auto reduce = [&](const BackwardTable<T>& folded, GradientSums* into) {
      gradient_sums(plan, kernels, io, folded, into);
    };
    fold_gradients(plan, io, reduce, &table, sums);
    const WideSlots<T> wide(plan, io, table, needs_sums(plan, io) ? sums : nullptr);
    map_gradient(plan, kernels, io, table, to_next_tile(whole, plan), past_cache);
    wide.put(io.dx);
  });
}

#define EVENKEEL_PLANES(T)                                                                       \
  template void planes_forward<T>(const Plan&, const KernelTable<T>&, const ForwardBuffers<T>&); \
  template void planes_backward<T>(const Plan&, const KernelTable<T>&, const BackwardBuffers<T>&);
EVENKEEL_PLANES(float)
EVENKEEL_PLANES(double)
#undef EVENKEEL_PLANES

}  // namespace evenkeel
