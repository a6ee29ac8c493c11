// The passes of planes: x [N, C, S]. The S elements of a plane lie side by side, and so do the planes of a group.

#include "core/affine_sums.h"
#include "core/channels.h"
#include "core/groups.h"
#include "core/partitions.h"
#include "core/patterns.h"

namespace evenkeel {

namespace {

// The index in x of the first element of plane n * C + c of a plan.
size_t place_of(const Plan& plan, size_t plane) {
  return (plane / plan.channels * plan.stride + plane % plan.channels) * plan.spatial;
}

// The table entry of the same plane.
size_t entry_of(const Plan& plan, size_t plane) { return plan.scope == Scope::batch ? plane % plan.channels : plane; }

// Cuts the planes of each channel into blocks, [rows, channels]. In a batch, a block has as many whole planes of
// consecutive samples as have kSteps steps together, but at least one. Otherwise a block is one plane.
template <typename T>
struct Blocks {
  explicit Blocks(const Plan& plan)
      : plan(plan),
        planes(plan.scope == Scope::batch ? larger(1, kSteps / parts_of(plan.spatial, kLanes<T>)) : 1),
        rows(parts_of(plan.samples, planes)) {}

  // Whether a plane is at most a block. Larger planes are cut into blocks themselves.
  bool whole_planes() const { return plan.spatial <= kBlock<T>; }
  size_t planes_of(size_t row) const { return smaller(planes, plan.samples - row * planes); }

  // Calls body(at, blocks, channel, entry) for all blocks, on the thread pool. `blocks` are blocks of neighbouring
  // channels. at: the index in x of the first of them. channel: its channel. entry: its index among all blocks.
  template <typename Body>
  void each(size_t bytes, const Body& body) const {
    const size_t tasks = rows * plan.channels;
    parallel_ranges(tasks, workers_for(tasks, bytes), [&](size_t entry, size_t end, size_t) {
      while (entry < end) {
        const size_t row = entry / plan.channels;
        const size_t channel = entry % plan.channels;
        const size_t count = smaller(end - entry, plan.channels - channel);
        const PlaneBlocks blocks{count, planes_of(row), plan.spatial, plan.stride * plan.spatial};
        body((row * planes * plan.stride + channel) * plan.spatial, blocks, channel, entry);
        entry += count;
      }
    });
  }

  const Plan& plan;
  const size_t planes;
  const size_t rows;
};

// The statistics of each channel of the batch, merged from its blocks.
template <typename T>
void block_moments(const Blocks<T>& blocks, const KernelTable<T>& kernels, const MomentsBuffers<T>& io) {
  const Plan& plan = blocks.plan;
  Scratch<double> mean(blocks.rows * plan.channels);
  Scratch<double> m2(blocks.rows * plan.channels);
  blocks.each(plan.size() * sizeof(T), [&](size_t at, const PlaneBlocks& of, size_t, size_t entry) {
    kernels.planes_moments(io.x + at, of, plan.centred, mean.data() + entry, m2.data() + entry);
  });
  double before = 0;
  for (size_t row = 0; row < blocks.rows; ++row) {
    const double count = static_cast<double>(blocks.planes_of(row) * plan.spatial);
    merge_columns(before, io.mean, io.m2, count, mean.data() + row * plan.channels, m2.data() + row * plan.channels,
                  plan.channels);
    before += count;
  }
}

// The statistics of each slot. A group's planes are one span. A channel of a batch is merged from its blocks, or from
// one span for each sample.
template <typename T>
void moments(const Plan& plan, const KernelTable<T>& kernels, const MomentsBuffers<T>& io) {
  const Blocks<T> blocks(plan);
  if (plan.scope == Scope::batch && blocks.whole_planes()) return block_moments(blocks, kernels, io);
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

// The sums of each table entry. The sums of its blocks are added in order.
template <typename T>
void block_gradient_sums(const Blocks<T>& blocks, const KernelTable<T>& kernels, const BackwardBuffers<T>& io,
                         const BackwardTable<T>& table, GradientSums* sums) {
  const Plan& plan = blocks.plan;
  const bool batch = plan.scope == Scope::batch;
  const auto into = [&](GradientSums* parts) {
    blocks.each(2 * plan.size() * sizeof(T), [&](size_t at, const PlaneBlocks& of, size_t channel, size_t entry) {
      const size_t numbers = batch ? channel : entry;
      kernels.planes_gradient_sums(io.dy + at, io.x + at, of, table.mh.data() + numbers, table.r.data() + numbers,
                                   parts->sum1.data() + entry, parts->sum2.data() + entry);
    });
  };
  if (!batch || blocks.rows == 1) return into(sums);
  GradientSums parts(blocks.rows * plan.channels);
  into(&parts);
  sums->sum1.fill_zero();
  sums->sum2.fill_zero();
  for (size_t row = 0; row < blocks.rows; ++row) {
    add_sums(parts.sum1.data() + row * plan.channels, plan.channels, sums->sum1.data());
    add_sums(parts.sum2.data() + row * plan.channels, plan.channels, sums->sum2.data());
  }
}

// The sums of each table entry. The sums of a plane's partitions are added in order, and in a batch those of all planes
// of a channel.
template <typename T>
void gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io,
                   const BackwardTable<T>& table, GradientSums* sums) {
  const Blocks<T> blocks(plan);
  if (blocks.whole_planes()) return block_gradient_sums(blocks, kernels, io, table, sums);
  const Partitions partitions(plan.samples * plan.channels, plan.spatial, kPartition<T>);
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
    const size_t entry = entry_of(plan, task / partitions.per_span);
    sums->sum1[entry] += parts[task].s1;
    sums->sum2[entry] += parts[task].s2;
  }
}

// Calls body(at, planes, spatial, entry) for all planes, on the thread pool. It gets planes that lie side by side and
// whose table entries do, too, or a partition of one plane.
template <typename T, typename Body>
void each_planes(const Plan& plan, size_t bytes, const Body& body) {
  const Partitions partitions(plan.samples * plan.channels, plan.spatial, kPartition<T>);
  // At the end of a sample, the planes of a tile are not side by side, and the table entries of a batch begin again.
  const size_t most = partitions.per_span > 1                                      ? 1
                      : plan.scope == Scope::batch || plan.stride != plan.channels ? plan.channels
                                                                                   : partitions.tasks;
  parallel_ranges(partitions.tasks, workers_for(partitions.tasks, bytes), [&](size_t task, size_t end, size_t) {
    while (task < end) {
      const auto partition = partitions[task];
      const size_t planes = smaller(end - task, most - task % most);
      body(place_of(plan, partition.index) + partition.begin, planes, partition.length,
           entry_of(plan, partition.index));
      task += planes;
    }
  });
}

template <typename T>
void map(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, const ForwardTable<T>& table,
         size_t next, Stores stores) {
  each_planes<T>(plan, 2 * plan.size() * sizeof(T), [&](size_t at, size_t planes, size_t spatial, size_t entry) {
    kernels.planes_map({io.x + at, io.y + at, planes, spatial, table.mh.data() + entry, table.a.data() + entry,
                        table.b.data() + entry, next, stores});
  });
}

template <typename T>
void map_gradient(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io,
                  const BackwardTable<T>& table, size_t next, Stores stores) {
  const auto map_planes = plan.given ? kernels.planes_map_given : kernels.planes_map_gradient;
  each_planes<T>(plan, 3 * plan.size() * sizeof(T), [&](size_t at, size_t planes, size_t spatial, size_t entry) {
    map_planes({io.dy + at, io.x + at, io.dx + at, planes, spatial, table.mh.data() + entry, table.r.data() + entry,
                table.a.data() + entry, table.k2.data() + entry, table.k1.data() + entry, next, stores});
  });
}

// The pattern, for core/channels.h.
template <typename T>
struct Planes {
  const Plan& whole;
  const KernelTable<T>& kernels;

  void moments(const Plan& plan, const MomentsBuffers<T>& io) const { evenkeel::moments(plan, kernels, io); }
  void gradient_sums(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table,
                     GradientSums* sums) const {
    evenkeel::gradient_sums(plan, kernels, io, table, sums);
  }
  void map(const Plan& plan, const ForwardBuffers<T>& io, const ForwardTable<T>& table, Stores stores) const {
    evenkeel::map(plan, kernels, io, table, to_next_tile(whole, plan), stores);
  }
  void map_gradient(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table,
                    Stores stores) const {
    evenkeel::map_gradient(plan, kernels, io, table, to_next_tile(whole, plan), stores);
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
