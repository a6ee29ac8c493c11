#include "core/split_rows.h"

#include "base/ranges.h"
#include "core/affine_sums.h"
#include "core/partitions.h"
#include "kernels/wide_rows.h"
#include "runtime/cache.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace evenkeel {

namespace {

// Columns whose sums over all rows one task takes: their float64 sums stay in the L1 cache.
constexpr size_t kColumnsPerTask = 1024;

// weight, bias or a gradient of theirs from column `begin` on; null where there is none.
template <typename T>
T* from(T* array, size_t begin) {
  return array ? array + begin : nullptr;
}

// The part of a row from column `begin` on.
template <typename T>
RowsBackward<T> part_of(const Plan& plan, const BackwardBuffers<T>& io, bool non_temporal, size_t row, size_t begin,
                        size_t length) {
  const size_t at = row * plan.spatial + begin;
  return {io.dy + at,        io.x + at, io.dx + at,   length,     from(io.weight, begin), io.mean + row,
          io.variance + row, plan.eps,  plan.centred, plan.given, non_temporal,           false,
          nullptr,           nullptr};
}

// A row's numbers for the map; those of `gradient` where it takes the wide route.
template <typename T>
struct SplitRow {
  RowGradientFold<T> fold;
  bool wide;
  WideGradient gradient;
};

// k2 and k1 of all rows, whose other numbers are there.
template <typename T>
void reduce_gradients(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io,
                      SplitRow<T>* rows) {
  const Partitions partitions(plan.samples, plan.spatial, kPartition<T>);
  Scratch<Sums> sums(partitions.tasks);
  parallel_for(partitions.tasks, 2 * plan.size() * sizeof(T), [&](size_t task) {
    const auto partition = partitions[task];
    sums[task] = kernels.part_gradient_sums(
        part_of(plan, io, false, partition.index, partition.begin, partition.length), rows[partition.index].fold.row);
  });
  for (size_t row = 0; row < plan.samples; ++row) {
    Sums total{0, 0};
    for (size_t i = 0; i < partitions.per_span; ++i) {
      total.s1 += sums[row * partitions.per_span + i].s1;
      total.s2 += sums[row * partitions.per_span + i].s2;
    }
    RowGradientFold<T>& fold = rows[row].fold;
    fold = fold_row_gradient(fold.row, rstd_of(io.variance[row], plan.eps), total.s1, total.s2, plan.spatial);
  }
}

// Every row's numbers for the map.
template <typename T>
void fold_gradients(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io, SplitRow<T>* rows) {
  for (size_t row = 0; row < plan.samples; ++row) {
    rows[row].fold = {fold_row<T>(io.mean[row], io.variance[row], plan.eps), 0, 0};
  }
  if (!plan.given) reduce_gradients(plan, kernels, io, rows);
  for (size_t row = 0; row < plan.samples; ++row) {
    const RowGradientFold<T>& fold = rows[row].fold;
    const bool ordinary =
        are_ordinary_statistics<T>(io.mean[row], io.variance[row], plan.eps) && is_ordinary_gradient(fold.k2, fold.k1);
    const RowsBackward<T> whole = part_of(plan, io, false, row, 0, plan.spatial);
    rows[row].wide = !ordinary && fold_wide_gradient_row(whole, 0, &rows[row].gradient);
  }
}

// The sums over all rows of a range of columns, [2, length] each: blocks in T; partitions and the total in float64,
// which one block of rows does without.
template <typename T>
class ColumnSums {
 public:
  ColumnSums(size_t rows, size_t length) : rows_(rows), length_(length) {
    clear(block_);
    if (rows <= kSteps) return;
    clear(partition_);
    clear(total_);
  }

  T* block() { return block_; }

  // Tells that the block has the sums of this row, too.
  void end_row(const KernelTable<T>& kernels, size_t row) {
    if (rows_ <= kSteps) return;
    const bool last = row + 1 == rows_;
    if (last || (row + 1) % kSteps == 0) kernels.rows_end_block(block_, partition_, 2 * length_);
    if (last || (row + 1) % kPartitionRows == 0) {
      add_sums(partition_, 2 * length_, total_);
      clear(partition_);
    }
  }

  void add_to(const KernelTable<T>& kernels, T* dweight, T* dbias) const {
    if (rows_ <= kSteps) return add_to_parameters(kernels.add_block_to_gradient, block_, length_, dweight, dbias);
    add_to_parameters(kernels.add_sums_to_gradient, total_, length_, dweight, dbias);
  }

 private:
  template <typename S>
  void clear(S* sums) {
    for (size_t j = 0; j < 2 * length_; ++j) sums[j] = 0;
  }

  const size_t rows_;
  const size_t length_;
  T block_[2 * kColumnsPerTask];
  double partition_[2 * kColumnsPerTask];
  double total_[2 * kColumnsPerTask];
};

// dx of a range of columns, over all rows, and the columns' sums.
template <typename T>
void map_columns(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io, bool non_temporal,
                 const SplitRow<T>* rows, size_t begin, size_t length) {
  const bool wanted = io.dweight || io.dbias;
  ColumnSums<T> sums(plan.samples, length);
  for (size_t row = 0; row < plan.samples; ++row) {
    RowsBackward<T> part = part_of(plan, io, non_temporal, row, begin, length);
    if (wanted) {
      part.dweight = sums.block();
      part.dbias = sums.block() + length;
    }
    if (rows[row].wide) {
      map_wide_gradient_part(part, rows[row].gradient);
    } else {
      kernels.part_map_gradient(part, rows[row].fold);
    }
    if (wanted) sums.end_row(kernels, row);
  }
  if (wanted) sums.add_to(kernels, from(io.dweight, begin), from(io.dbias, begin));
}

// A row by itself, in one piece.
template <typename T>
RowsForward<T> row_of(const Plan& plan, const ForwardBuffers<T>& io, size_t row) {
  const size_t at = row * plan.spatial;
  return {io.x + at,         io.y + at, plan.spatial, io.weight,  io.bias, io.mean + row,
          io.variance + row, plan.eps,  plan.centred, plan.given, false,   false};
}

template <typename T>
void forward_row(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, bool non_temporal,
                 size_t row, Moments* entries) {
  const Partitions partitions(1, plan.spatial, kPartition<T>);
  const size_t bytes = plan.spatial * sizeof(T);
  const T* x = io.x + row * plan.spatial;
  T* y = io.y + row * plan.spatial;
  if (!plan.given) {
    parallel_for(partitions.tasks, bytes, [&](size_t task) {
      const auto partition = partitions[task];
      entries[task] = kernels.span_moments(x + partition.begin, partition.length, plan.centred);
    });
    Moments total;
    for (size_t i = 0; i < partitions.tasks; ++i) merge(&total, entries[i].count, entries[i].mean, entries[i].m2);
    io.mean[row] = total.mean;
    io.variance[row] = variance_of(total);
  }
  const bool ordinary = are_ordinary_statistics<T>(io.mean[row], io.variance[row], plan.eps);
  if (!ordinary && map_wide_row(row_of(plan, io, row), 0)) return;
  const RowFold<T> fold = fold_row<T>(io.mean[row], io.variance[row], plan.eps);
  parallel_for(partitions.tasks, 2 * bytes, [&](size_t task) {
    const auto partition = partitions.from_end(task);
    const T* weight = from(io.weight, partition.begin);
    const T* bias = from(io.bias, partition.begin);
    kernels.part_map(x + partition.begin, y + partition.begin, partition.length, non_temporal, weight, bias, fold,
                     plan.centred);
  });
}

}  // namespace

template <typename T>
void split_rows_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  const bool non_temporal = pays_non_temporal(2 * plan.size() * sizeof(T), io.x == io.y);
  Scratch<Moments> entries(parts_of(plan.spatial, kPartition<T>));
  for (size_t row = 0; row < plan.samples; ++row) forward_row(plan, kernels, io, non_temporal, row, entries.data());
}

template <typename T>
void split_rows_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io) {
  const size_t bytes = 3 * plan.size() * sizeof(T);
  const bool non_temporal = pays_non_temporal(bytes, io.dx == io.dy || io.dx == io.x);
  Scratch<SplitRow<T>> rows(plan.samples);
  fold_gradients(plan, kernels, io, rows.data());
  const Partitions column_ranges(1, plan.spatial, kColumnsPerTask);
  parallel_for(column_ranges.tasks, bytes, [&](size_t task) {
    const auto columns = column_ranges.from_end(task);
    map_columns(plan, kernels, io, non_temporal, rows.data(), columns.begin, columns.length);
  });
}

#define EVENKEEL_SPLIT_ROWS(T)                                                                       \
  template void split_rows_forward<T>(const Plan&, const KernelTable<T>&, const ForwardBuffers<T>&); \
  template void split_rows_backward<T>(const Plan&, const KernelTable<T>&, const BackwardBuffers<T>&);
EVENKEEL_SPLIT_ROWS(float)
EVENKEEL_SPLIT_ROWS(double)
#undef EVENKEEL_SPLIT_ROWS

}  // namespace evenkeel
