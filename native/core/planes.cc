// planes: x [N, C, S]. The S elements of a channel lie side by side, and so do the planes of a group.

#include "core/channels.h"
#include "core/groups.h"
#include "core/partitions.h"
#include "core/patterns.h"

namespace evenkeel {

namespace {

// Where plane n * C + c of a plan lies in x.
size_t place_of(const Plan& plan, size_t plane) {
  return (plane / plan.channels * plan.stride + plane % plan.channels) * plan.spatial;
}

// The entry of a table for the same plane.
size_t entry_of(const Plan& plan, size_t plane) { return plan.scope == Scope::batch ? plane % plan.channels : plane; }

// A group's planes are one span; a channel of the batch is merged from one span per sample.
template <typename T>
void moments(const Plan& plan, const KernelTable<T>& kernels, const MomentsBuffers<T>& io) {
  const bool grouped = plan.scope == Scope::group;
  const size_t spans = grouped ? plan.slots() : plan.samples * plan.channels;
  const size_t planes_per_span = grouped ? plan.channels / plan.groups : 1;
  const Partitions partitions(spans, grouped ? plan.count() : plan.spatial, kPartition<T>);
  Scratch<Moments> entries(partitions.tasks);
  parallel_for(partitions.tasks, plan.size() * sizeof(T), [&](size_t task) {
    const auto partition = partitions[task];
    const T* span = io.x + place_of(plan, partition.index * planes_per_span);
    entries[task] = kernels.span_moments(span + partition.begin, partition.length, plan.centred);
  });
  const size_t spans_per_slot = grouped ? 1 : plan.samples;
  for (size_t slot = 0; slot < plan.slots(); ++slot) {
    Moments total;
    for (size_t n = 0; n < spans_per_slot; ++n) {
      const size_t span_index = grouped ? slot : n * plan.channels + slot;
      Moments span;
      for (size_t i = 0; i < partitions.per_span; ++i) {
        const Moments& entry = entries[span_index * partitions.per_span + i];
        merge(&span, entry.count, entry.mean, entry.m2);
      }
      merge(&total, span.count, span.mean, span.m2);
    }
    io.mean[slot] = total.mean;
    io.m2[slot] = total.m2;
  }
}

// Sums per plane: its partitions', in order.
template <typename T>
void gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io,
                   const BackwardTable<T>& table, GradientSums* sums) {
  const size_t planes = plan.samples * plan.channels;
  const Partitions partitions(planes, plan.spatial, kPartition<T>);
  Scratch<Sums> parts(partitions.tasks);
  parallel_for(partitions.tasks, 2 * plan.size() * sizeof(T), [&](size_t task) {
    const auto partition = partitions[task];
    const size_t at = place_of(plan, partition.index) + partition.begin;
    const size_t entry = entry_of(plan, partition.index);
    parts[task] = kernels.span_gradient_sums(io.dy + at, io.x + at, partition.length, table.mh[entry], table.r[entry]);
  });
  sums->sum1.fill_zero();
  sums->sum2.fill_zero();
  for (size_t task = 0; task < partitions.tasks; ++task) {
    sums->sum1[task / partitions.per_span] += parts[task].s1;
    sums->sum2[task / partitions.per_span] += parts[task].s2;
  }
}

template <typename T>
void map(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, const ForwardTable<T>& table,
         size_t next, bool non_temporal) {
  const Partitions partitions(plan.samples * plan.channels, plan.spatial, kPartition<T>);
  parallel_for(partitions.tasks, 2 * plan.size() * sizeof(T), [&](size_t task) {
    const auto partition = partitions[task];
    const size_t at = place_of(plan, partition.index) + partition.begin;
    const size_t entry = entry_of(plan, partition.index);
    kernels.planes_map(io.x + at, io.y + at, partition.length, next, non_temporal,
                       {table.mh[entry], table.a[entry], table.b[entry]});
  });
}

template <typename T>
void map_gradient(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io,
                  const BackwardTable<T>& table, size_t next, bool non_temporal) {
  const Partitions partitions(plan.samples * plan.channels, plan.spatial, kPartition<T>);
  parallel_for(partitions.tasks, 3 * plan.size() * sizeof(T), [&](size_t task) {
    const auto partition = partitions[task];
    const size_t at = place_of(plan, partition.index) + partition.begin;
    const size_t entry = entry_of(plan, partition.index);
    if (plan.given) {
      kernels.planes_map_given(io.dy + at, io.dx + at, partition.length, non_temporal, table.a[entry]);
    } else {
      kernels.planes_map_gradient(io.dy + at, io.x + at, io.dx + at, partition.length, next, non_temporal,
                                  {table.mh[entry], table.r[entry], table.a[entry], table.k2[entry], table.k1[entry]});
    }
  });
}

// The pattern, over a whole plan or a tile of it (core/channels.h).
template <typename T>
struct Planes {
  const Plan& whole;
  const KernelTable<T>& kernels;

  void moments(const Plan& plan, const MomentsBuffers<T>& io) const { evenkeel::moments(plan, kernels, io); }
  void gradient_sums(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table,
                     GradientSums* sums) const {
    evenkeel::gradient_sums(plan, kernels, io, table, sums);
  }
  void map(const Plan& plan, const ForwardBuffers<T>& io, const ForwardTable<T>& table, bool non_temporal) const {
    evenkeel::map(plan, kernels, io, table, to_next_tile(whole, plan), non_temporal);
  }
  void map_gradient(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table,
                    bool non_temporal) const {
    evenkeel::map_gradient(plan, kernels, io, table, to_next_tile(whole, plan), non_temporal);
  }
};

}  // namespace

template <typename T>
void planes_moments(const Plan& plan, const KernelTable<T>& kernels, const MomentsBuffers<T>& io) {
  channels_moments(Planes<T>{plan, kernels}, plan, io);
}

template <typename T>
void planes_apply(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  channels_apply(Planes<T>{plan, kernels}, plan, io);
}

template <typename T>
void planes_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  if (takes_groups<T>(plan)) return groups_forward(plan, kernels, io);
  channels_forward(Planes<T>{plan, kernels}, plan, io);
}

template <typename T>
void planes_gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const GradientSumsBuffers<T>& io) {
  channels_gradient_sums(Planes<T>{plan, kernels}, plan, io);
}

template <typename T>
void planes_apply_gradient(const Plan& plan, const KernelTable<T>& kernels, const ApplyGradientBuffers<T>& io) {
  channels_apply_gradient(Planes<T>{plan, kernels}, plan, io);
}

template <typename T>
void planes_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io) {
  channels_backward(Planes<T>{plan, kernels}, plan, io);
}

EVENKEEL_INSTANTIATE_PASSES(planes, float)
EVENKEEL_INSTANTIATE_PASSES(planes, double)

}  // namespace evenkeel
