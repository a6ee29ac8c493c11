#include "core/split_rows.h"

#include "base/ranges.h"
#include "core/column_sums.h"
#include "core/fold.h"
#include "core/partitions.h"
#include "kernels/wide_rows.h"
#include "runtime/cache.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace evenkeel {

namespace {

// The array from element `begin` on, or null if it is null.
template <typename T>
T* from(T* array, size_t begin) {
  return array ? array + begin : nullptr;
}

// The operands of the part of a row from column `begin` on.
template <typename T>
RowsBackward<T> part_of(const Plan& plan, const BackwardBuffers<T>& io, Stores stores, size_t row, size_t begin,
                        size_t length) {
  const size_t at = row * plan.spatial + begin;
  return {io.dy + at,    io.x + at,         from(io.dx, at), length,       from(io.weight, begin),
          io.mean + row, io.variance + row, plan.eps,        plan.centred, plan.given,
          stores,        nullptr,           nullptr};
}

// The numbers that a row is mapped with: `gradient` if it takes the wide route, `fold` otherwise.
template <typename T>
struct SplitRow {
  RowGradientFold<T> fold;
  bool wide;
  WideGradient gradient;
};

// The fold of a row from its sums, which are not used if the statistics are given.
template <typename T>
RowGradientFold<T> fold_row_of(const Plan& plan, const BackwardBuffers<T>& io, const SlotSums& sums, size_t row) {
  const RowFold<T> fold = fold_row<T>(io.mean[row], io.variance[row], plan.eps);
  if (plan.given) return {fold, 0, 0};
  return fold_row_gradient(fold, rstd_of(io.variance[row], plan.eps), sums.sum1[row], sums.sum2[row], plan.spatial);
}

template <typename T>
bool is_ordinary_row(const Plan& plan, const BackwardBuffers<T>& io, const RowGradientFold<T>& fold, size_t row) {
  return are_ordinary_statistics<T>(io.mean[row], io.variance[row], plan.eps) && is_ordinary_gradient(fold.k2, fold.k1);
}

// The sums of g and of g * xhat of all rows. They are 0 if the statistics are given.
template <typename T>
void reduce_gradients(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io,
                      const SlotSums& into) {
  into.fill_zero(plan.samples);
  if (plan.given) return;
  const Partitions partitions(plan.samples, plan.spatial, kPartition<T>);
  Scratch<Sums> sums(partitions.tasks);
  parallel_for(partitions.tasks, 2 * plan.size() * sizeof(T), [&](size_t task) {
    const auto partition = partitions[task];
    sums[task] = kernels.part_gradient_sums(
        part_of(plan, io, Stores::cached, partition.index, partition.begin, partition.length),
        fold_row<T>(io.mean[partition.index], io.variance[partition.index], plan.eps));
  });
  for (size_t row = 0; row < plan.samples; ++row) {
    for (size_t i = 0; i < partitions.per_span; ++i) {
      into.sum1[row] += sums[row * partitions.per_span + i].s1;
      into.sum2[row] += sums[row * partitions.per_span + i].s2;
    }
  }
}

// The numbers that each row is mapped with, from its sums.
template <typename T>
void fold_gradients(const Plan& plan, const BackwardBuffers<T>& io, const SlotSums& sums, SplitRow<T>* rows) {
  for (size_t row = 0; row < plan.samples; ++row) {
    rows[row].fold = fold_row_of(plan, io, sums, row);
    rows[row].wide =
        !is_ordinary_row(plan, io, rows[row].fold, row) &&
        fold_wide_gradient_row(part_of(plan, io, Stores::cached, row, 0, plan.spatial), 0, &rows[row].gradient);
  }
}

template <typename T>
void map_part(const KernelTable<T>& kernels, const RowsBackward<T>& part, const SplitRow<T>& row) {
  if (row.wide) return map_wide_gradient_part(part, row.gradient);
  kernels.part_map_gradient(part, row.fold);
}

// Maps a range of columns over all rows to dx, and adds the sums of the columns to dweight and dbias. If io.dx is null,
// only the sums are computed.
template <typename T>
void map_columns(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io, Stores stores,
                 const SplitRow<T>* rows, size_t begin, size_t length) {
  const bool wanted = io.dweight || io.dbias;
  ColumnSums<T> sums(plan.samples, length);
  T no_dx[kColumnsPerTask];
  for (size_t row = 0; row < plan.samples; ++row) {
    RowsBackward<T> part = part_of(plan, io, stores, row, begin, length);
    if (!io.dx) part.dx = no_dx;
    if (wanted) {
      part.dweight = sums.block();
      part.dbias = sums.block() + length;
    }
    map_part(kernels, part, rows[row]);
    if (wanted) sums.end_row(kernels, row);
  }
  if (wanted) sums.add_to(kernels, from(io.dweight, begin), from(io.dbias, begin));
}

// The same for all ranges of columns.
template <typename T>
void map_column_ranges(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io, Stores stores,
                       const SplitRow<T>* rows) {
  const Partitions column_ranges(1, plan.spatial, kColumnsPerTask);
  parallel_for(column_ranges.tasks, 3 * plan.size() * sizeof(T), [&](size_t task) {
    const auto columns = column_ranges.from_end(task);
    map_columns(plan, kernels, io, stores, rows, columns.begin, columns.length);
  });
}

// The operands of one whole row.
template <typename T>
RowsForward<T> row_of(const Plan& plan, const ForwardBuffers<T>& io, size_t row, bool known) {
  const size_t at = row * plan.spatial;
  return {io.x + at,         io.y + at, plan.spatial, io.weight, io.bias,     io.mean + row,
          io.variance + row, plan.eps,  plan.centred, known,     !plan.given, Stores::cached};
}

template <typename T>
void forward_row(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, bool known,
                 Stores stores, size_t row, Moments* entries) {
  const Partitions partitions(1, plan.spatial, kPartition<T>);
  const size_t bytes = plan.spatial * sizeof(T);
  const T* x = io.x + row * plan.spatial;
  T* y = io.y + row * plan.spatial;
  if (!known) {
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
  if (!ordinary && map_wide_row(row_of(plan, io, row, known), 0)) return;
  const RowFold<T> fold = fold_row<T>(io.mean[row], io.variance[row], plan.eps);
  parallel_for(partitions.tasks, 2 * bytes, [&](size_t task) {
    const auto partition = partitions.from_end(task);
    const T* weight = from(io.weight, partition.begin);
    const T* bias = from(io.bias, partition.begin);
    kernels.part_map(x + partition.begin, y + partition.begin, partition.length, stores, weight, bias, fold,
                     plan.centred);
  });
}

}  // namespace

template <typename T>
void split_rows_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, bool known) {
  const Stores stores = stores_for(2 * plan.size() * sizeof(T), io.x == io.y);
  Scratch<Moments> entries(known ? 0 : parts_of(plan.spatial, kPartition<T>));
  for (size_t row = 0; row < plan.samples; ++row) forward_row(plan, kernels, io, known, stores, row, entries.data());
}

template <typename T>
void long_rows_gradient_sums(const Plan& plan, const KernelTable<T>& kernels, const GradientSumsBuffers<T>& buffers) {
  const BackwardBuffers<T> io = buffers.backward();
  const SlotSums sums{buffers.sum1, buffers.sum2};
  Scratch<SplitRow<T>> rows(plan.samples);
  reduce_gradients(plan, kernels, io, sums);
  if (!io.dweight && !io.dbias) return;
  fold_gradients(plan, io, sums, rows.data());
  map_column_ranges(plan, kernels, io, Stores::cached, rows.data());
}

template <typename T>
void long_rows_apply_gradient(const Plan& plan, const KernelTable<T>& kernels, const ApplyGradientBuffers<T>& buffers) {
  const BackwardBuffers<T> io = buffers.backward();
  Scratch<SplitRow<T>> rows(plan.samples);
  fold_gradients(plan, io, {buffers.sum1, buffers.sum2}, rows.data());
  const size_t bytes = 3 * plan.size() * sizeof(T);
  const Stores stores = stores_for(bytes, io.dx == io.dy || io.dx == io.x);
  const Partitions partitions(plan.samples, plan.spatial, kPartition<T>);
  parallel_for(partitions.tasks, bytes, [&](size_t task) {
    const auto partition = partitions.from_end(task);
    map_part(kernels, part_of(plan, io, stores, partition.index, partition.begin, partition.length),
             rows[partition.index]);
  });
}

template <typename T>
void split_rows_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io) {
  const size_t bytes = 3 * plan.size() * sizeof(T);
  const Stores stores = stores_for(bytes, io.dx == io.dy || io.dx == io.x);
  Scratch<SplitRow<T>> rows(plan.samples);
  GradientSums of_rows(plan.samples);
  const SlotSums sums{of_rows.sum1.data(), of_rows.sum2.data()};
  reduce_gradients(plan, kernels, io, sums);
  fold_gradients(plan, io, sums, rows.data());
  map_column_ranges(plan, kernels, io, stores, rows.data());
}

#define EVENKEEL_SPLIT_ROWS(T)                                                                                   \
  template void split_rows_forward<T>(const Plan&, const KernelTable<T>&, const ForwardBuffers<T>&, bool);       \
  template void long_rows_gradient_sums<T>(const Plan&, const KernelTable<T>&, const GradientSumsBuffers<T>&);   \
  template void long_rows_apply_gradient<T>(const Plan&, const KernelTable<T>&, const ApplyGradientBuffers<T>&); \
  template void split_rows_backward<T>(const Plan&, const KernelTable<T>&, const BackwardBuffers<T>&);
EVENKEEL_SPLIT_ROWS(float)
EVENKEEL_SPLIT_ROWS(double)
#undef EVENKEEL_SPLIT_ROWS

}  // namespace evenkeel
