// The passes of columns: x [N, S, C]. The C channels of a position lie side by side. A column is one channel of one
// sample.

#include "base/cache_lines.h"
#include "core/channels.h"
#include "core/partitions.h"
#include "core/patterns.h"

namespace evenkeel {

namespace {

// Merges the other partitions of sample n into the first. mean, m2: [C] for each partition.
void merge_partitions(const Plan& plan, const Partitions& partitions, size_t n, double* mean, double* m2) {
  const size_t first = n * partitions.per_span;
  for (size_t i = 1; i < partitions.per_span; ++i) {
    const auto partition = partitions[first + i];
    const size_t at = (first + i) * plan.channels;
    merge_columns(static_cast<double>(partition.begin), mean + first * plan.channels, m2 + first * plan.channels,
                  static_cast<double>(partition.length), mean + at, m2 + at, plan.channels);
  }
}

// The statistics of a sample's slots, from those of its columns. A slot is one column, or a group of columns.
void merge_slots(const Plan& plan, const double* mean, const double* m2, double* slot_mean, double* slot_m2) {
  const double rows = static_cast<double>(plan.spatial);
  const size_t slots = plan.scope == Scope::batch ? plan.channels : plan.groups;
  const size_t columns = plan.channels / slots;
  if (columns == 1) {
    for (size_t slot = 0; slot < slots; ++slot) {
      slot_mean[slot] = mean[slot];
      slot_m2[slot] = m2[slot];
    }
    return;
  }
  for (size_t slot = 0; slot < slots; ++slot) {
    const Moments entry = merge_equals(rows, mean + slot * columns, m2 + slot * columns, columns);
    slot_mean[slot] = entry.mean;
    slot_m2[slot] = entry.m2;
  }
}

template <typename T>
void moments(const Plan& plan, const KernelTable<T>& kernels, const MomentsBuffers<T>& io) {
  const Partitions partitions(plan.samples, plan.spatial, kPartitionRows);
  Scratch<double> mean(partitions.tasks * plan.channels);
  Scratch<double> m2(partitions.tasks * plan.channels);
  parallel_for(partitions.tasks, plan.size() * sizeof(T), [&](size_t task) {
    const auto partition = partitions[task];
    kernels.columns_moments(io.x + (partition.index * plan.spatial + partition.begin) * plan.channels, partition.length,
                            plan.channels, plan.centred, mean.data() + task * plan.channels,
                            m2.data() + task * plan.channels);
  });
  for (size_t n = 0; n < plan.samples; ++n) {
    const size_t first = n * partitions.per_span * plan.channels;
    const size_t slot = n * plan.groups;
    merge_partitions(plan, partitions, n, mean.data(), m2.data());
    merge_slots(plan, mean.data() + first, m2.data() + first, io.mean + slot, io.m2 + slot);
  }
}

// The sums of each column. The sums of its partitions are added in order.
template <typename T>
void gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io,
                   const BackwardTable<T>& table, GradientSums* sums) {
  const Partitions partitions(plan.samples, plan.spatial, kPartitionRows);
  const size_t channels = plan.channels;
  GradientSums parts(partitions.tasks * channels);
  parts.sum1.fill_zero();
  parts.sum2.fill_zero();
  parallel_for(partitions.tasks, 2 * plan.size() * sizeof(T), [&](size_t task) {
    const auto partition = partitions[task];
    const size_t at = (partition.index * plan.spatial + partition.begin) * channels;
    const size_t entry = plan.scope == Scope::batch ? 0 : partition.index * channels;
    kernels.columns_gradient_sums(io.dy + at, io.x + at, partition.length, channels, table.mh.data() + entry,
                                  table.r.data() + entry, parts.sum1.data() + task * channels,
                                  parts.sum2.data() + task * channels);
  });
  sums->sum1.fill_zero();
  sums->sum2.fill_zero();
  for (size_t task = 0; task < partitions.tasks; ++task) {
    const size_t column = partitions[task].index * channels;
    for (size_t c = 0; c < channels; ++c) {
      sums->sum1[column + c] += parts.sum1[task * channels + c];
      sums->sum2[column + c] += parts.sum2[task * channels + c];
    }
  }
}

// A table with the numbers of each sample's channels. The first numbers are repeated after the last ones, as the
// kernels need them. The table has the same offset from a cache line as the result of the map, because the vectors
// follow the cache lines of the result.
template <typename T>
class Repeated {
 public:
  Repeated(const Plan& plan, const Scratch<T>& table, const T* result, Stores stores)
      : lead_(maps_whole_lines(smaller(plan.spatial, kPartitionRows) * plan.channels * sizeof(T), stores)
                  ? past_line(result)
                  : 0),
        stride_(parts_of(plan.channels + kRepeated<T>, kLineElements<T>) * kLineElements<T>),
        values_(lead_ + plan.table_samples() * stride_) {
    for (size_t n = 0; n < plan.table_samples(); ++n) {
      T* row = values_.data() + lead_ + n * stride_;
      for (size_t c = 0; c < plan.channels; ++c) row[c] = table[n * plan.channels + c];
      for (size_t c = plan.channels; c < plan.channels + kRepeated<T>; ++c) row[c] = row[c - plan.channels];
    }
  }

  // The numbers of sample n. All samples of a batch have the same.
  const T* of(const Plan& plan, size_t n) const {
    return values_.data() + lead_ + (plan.scope == Scope::batch ? 0 : n * stride_);
  }

 private:
  const size_t lead_;
  const size_t stride_;
  Scratch<T> values_;
};

template <typename T>
void map(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, const ForwardTable<T>& table,
         Stores stores) {
  const auto repeated = [&](const Scratch<T>& of) { return Repeated<T>(plan, of, io.y, stores); };
  const Repeated<T> mh = repeated(table.mh), a = repeated(table.a), b = repeated(table.b);
  const Partitions partitions(plan.samples, plan.spatial, kPartitionRows);
  parallel_for(partitions.tasks, 2 * plan.size() * sizeof(T), [&](size_t task) {
    const auto partition = partitions.from_end(task);
    const size_t at = (partition.index * plan.spatial + partition.begin) * plan.channels;
    const ColumnFolds<T> folds{mh.of(plan, partition.index), a.of(plan, partition.index), b.of(plan, partition.index)};
    kernels.columns_map(io.x + at, io.y + at, partition.length, plan.channels, stores, folds);
  });
}

template <typename T>
void map_gradient(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io,
                  const BackwardTable<T>& table, Stores stores) {
  const auto repeated = [&](const Scratch<T>& of) { return Repeated<T>(plan, of, io.dx, stores); };
  const Repeated<T> mh = repeated(table.mh), r = repeated(table.r), a = repeated(table.a), k2 = repeated(table.k2),
                    k1 = repeated(table.k1);
  const Partitions partitions(plan.samples, plan.spatial, kPartitionRows);
  parallel_for(partitions.tasks, 3 * plan.size() * sizeof(T), [&](size_t task) {
    const auto partition = partitions.from_end(task);
    const size_t at = (partition.index * plan.spatial + partition.begin) * plan.channels;
    const size_t n = partition.index;
    if (plan.given) {
      kernels.columns_map_given(io.dy + at, io.dx + at, partition.length, plan.channels, stores, a.of(plan, n));
    } else {
      const ColumnGradientFolds<T> folds{mh.of(plan, n), r.of(plan, n), a.of(plan, n), k2.of(plan, n), k1.of(plan, n)};
      kernels.columns_map_gradient(io.dy + at, io.x + at, io.dx + at, partition.length, plan.channels, stores, folds);
    }
  });
}

// The pattern, for core/channels.h.
template <typename T>
struct Columns {
  const KernelTable<T>& kernels;

  void moments(const Plan& plan, const MomentsBuffers<T>& io) const { evenkeel::moments(plan, kernels, io); }
  void gradient_sums(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table,
                     GradientSums* sums) const {
    evenkeel::gradient_sums(plan, kernels, io, table, sums);
  }
  void map(const Plan& plan, const ForwardBuffers<T>& io, const ForwardTable<T>& table, Stores stores) const {
    evenkeel::map(plan, kernels, io, table, stores);
  }
  void map_gradient(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table,
                    Stores stores) const {
    evenkeel::map_gradient(plan, kernels, io, table, stores);
  }
};

}  // namespace

template <typename T>
void columns_moments(const Plan& plan, const KernelTable<T>& kernels, const MomentsBuffers<T>& io) {
  channels_moments(Columns<T>{kernels}, plan, io);
}

template <typename T>
void columns_apply(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  channels_apply(Columns<T>{kernels}, plan, io);
}

template <typename T>
void columns_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  channels_forward(Columns<T>{kernels}, plan, io);
}

template <typename T>
void columns_gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const GradientSumsBuffers<T>& io) {
  channels_gradient_sums(Columns<T>{kernels}, plan, io);
}

template <typename T>
void columns_apply_gradient(const Plan& plan, const KernelTable<T>& kernels, const ApplyGradientBuffers<T>& io) {
  channels_apply_gradient(Columns<T>{kernels}, plan, io);
}

template <typename T>
void columns_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io) {
  channels_backward(Columns<T>{kernels}, plan, io);
}

EVENKEEL_INSTANTIATE_PASSES(columns, float)
EVENKEEL_INSTANTIATE_PASSES(columns, double)

}  // namespace evenkeel
