// The passes of rows: x [R, L]. Each row has its own statistics. Weight and bias have an element for each column, so
// their gradients are column sums. A row is reduced, folded and mapped while it is in the cache. split_rows.cc has
// longer rows.

#include "base/arithmetic.h"
#include "base/cache_lines.h"
#include "base/merge.h"
#include "core/affine_sums.h"
#include "core/partitions.h"
#include "core/patterns.h"
#include "core/split_rows.h"
#include "core/wide_moments.h"
#include "runtime/cache.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace evenkeel {

namespace {

// The column sums of a backward pass: a block of rows in T for each worker, and [2, length] in float64 for each
// partition of rows. A block has the same offset from a cache line as dx. If rows are whole cache lines long, the
// stores to both then stay within cache lines.
template <typename T>
struct AffineSums {
  AffineSums(size_t partitions, size_t workers, size_t length, const T* dx, Stores stores)
      : length(length),
        lead(maps_whole_lines(length * sizeof(T), stores) ? past_line(dx) : 0),
        apart((parts_of(2 * length, kLineElements<T>) + 1) * kLineElements<T>),
        blocks(workers * apart),
        partitions(2 * partitions * length) {
    blocks.fill_zero();
    this->partitions.fill_zero();
  }

  T* block(size_t worker) { return blocks.data() + worker * apart + lead; }
  double* partition(size_t index) { return partitions.data() + 2 * index * length; }

  const size_t length;
  const size_t lead;
  const size_t apart;
  Scratch<T> blocks;
  Scratch<double> partitions;
};

// The bytes of the shortest row that non-temporal stores pay for. Shorter rows share too many of their cache lines with
// their neighbours (docs/decisions/0010).
constexpr size_t kShortestNonTemporal = 1024;

Stores row_stores_for(size_t row_bytes, size_t bytes, bool in_place) {
  if (row_bytes >= kShortestNonTemporal) return stores_for(bytes, in_place);
  return works_from_memory(bytes) ? Stores::prefetched : Stores::cached;
}

// Whether rows are split: if a row is longer than a partition, or if there are too few rows to keep the thread pool
// busy.
template <typename T>
bool splits_rows(const Plan& plan, size_t parts, size_t bytes) {
  return plan.spatial > kPartition<T> || workers_for(plan.size(), bytes) > parts;
}

// The backward pass of a partition, which is the rows [begin, end), block by block. block, partition: the sums of this
// worker and of this partition, or null.
template <typename T>
void backward_partition(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io, Stores stores,
                        size_t begin, size_t end, T* block, double* partition) {
  for (size_t row = begin; row < end; row += kSteps) {
    const size_t at = row * plan.spatial;
    T* dweight = block;
    T* dbias = block ? block + plan.spatial : nullptr;
    kernels.rows_backward({io.dy + at, io.x + at, io.dx + at, plan.spatial, io.weight, io.mean + row, io.variance + row,
                           plan.eps, plan.centred, plan.given, stores, dweight, dbias},
                          smaller(kSteps, end - row));
    if (block) kernels.rows_end_block(block, partition, 2 * plan.spatial);
  }
}

// known: mean and variance are read, not written.
template <typename T>
void map_rows(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, bool known) {
  const size_t bytes = 2 * plan.size() * sizeof(T);
  if (splits_rows<T>(plan, plan.samples, bytes)) return split_rows_forward(plan, kernels, io, known);
  const Stores stores = row_stores_for(plan.spatial * sizeof(T), bytes, io.x == io.y);
  const auto range = [&](size_t begin, size_t end, size_t) {
    const size_t at = begin * plan.spatial;
    kernels.rows_forward({io.x + at, io.y + at, plan.spatial, io.weight, io.bias, io.mean + begin, io.variance + begin,
                          plan.eps, plan.centred, known, !plan.given, stores},
                         end - begin);
  };
  parallel_ranges(plan.samples, workers_for(plan.samples, bytes), range);
}

}  // namespace

template <typename T>
void rows_moments(const Plan& plan, const KernelTable<T>& kernels, const MomentsBuffers<T>& io) {
  const Partitions partitions(plan.samples, plan.spatial, kPartition<T>);
  Scratch<Moments> entries(partitions.tasks);
  parallel_for(partitions.tasks, plan.size() * sizeof(T), [&](size_t task) {
    const auto partition = partitions[task];
    entries[task] =
        kernels.span_moments(io.x + partition.index * plan.spatial + partition.begin, partition.length, plan.centred);
  });
  for (size_t row = 0; row < plan.samples; ++row) {
    Moments total;
    for (size_t i = 0; i < partitions.per_span; ++i) {
      const Moments& entry = entries[row * partitions.per_span + i];
      merge(&total, entry.count, entry.mean, entry.m2);
    }
    io.mean[row] = total.mean;
    io.m2[row] = total.m2;
  }
  replace_moments(plan, io);
}

template <typename T>
void rows_apply(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  map_rows(plan, kernels, io, true);
}

template <typename T>
void rows_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  map_rows(plan, kernels, io, plan.given);
}

template <typename T>
void rows_gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const GradientSumsBuffers<T>& io) {
  long_rows_gradient_sums(plan, kernels, io);
}

template <typename T>
void rows_apply_gradient(const Plan& plan, const KernelTable<T>& kernels, const ApplyGradientBuffers<T>& io) {
  long_rows_apply_gradient(plan, kernels, io);
}

template <typename T>
void rows_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io) {
  const size_t bytes = 3 * plan.size() * sizeof(T);
  const size_t partitions = parts_of(plan.samples, kPartitionRows);
  if (splits_rows<T>(plan, partitions, bytes)) return split_rows_backward(plan, kernels, io);
  const size_t workers = workers_for(partitions, bytes);
  const bool wanted = io.dweight || io.dbias;
  const Stores stores = row_stores_for(plan.spatial * sizeof(T), bytes, io.dx == io.dy || io.dx == io.x);
  AffineSums<T> sums(partitions, workers, wanted ? plan.spatial : 0, io.dx, stores);
  const auto range = [&](size_t begin, size_t end, size_t worker) {
    T* block = wanted ? sums.block(worker) : nullptr;
    for (size_t partition = begin; partition < end; ++partition) {
      const size_t row = partition * kPartitionRows;
      backward_partition(plan, kernels, io, stores, row, smaller(row + kPartitionRows, plan.samples), block,
                         wanted ? sums.partition(partition) : nullptr);
    }
  };
  parallel_ranges(partitions, workers, range);
  if (!wanted) return;
  double* total = sums.partition(0);
  for (size_t partition = 1; partition < partitions; ++partition)
    add_sums(sums.partition(partition), 2 * plan.spatial, total);
  add_to_parameters(kernels.add_sums_to_gradient, static_cast<const double*>(total), plan.spatial, io.dweight,
                    io.dbias);
}

EVENKEEL_INSTANTIATE_PASSES(rows, float)
EVENKEEL_INSTANTIATE_PASSES(rows, double)

}  // namespace evenkeel
