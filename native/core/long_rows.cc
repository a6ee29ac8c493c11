#include "core/long_rows.h"

#include "core/column_sums.h"
#include "core/ranges.h"
#include "core/slabs.h"
#include "core/wide_rows.h"
#include "runtime/cache.h"
#include "runtime/parallel.h"

namespace evenkeel {

namespace {

// Columns whose sums over all rows one task takes: their float64 sums stay in the L1 cache.
constexpr size_t kStripColumns = 1024;

// weight, bias or a gradient of theirs from column `begin` on; null where there is none.
template <typename T>
T* from(T* array, size_t begin) {
  return array ? array + begin : nullptr;
}

// The part of a row from column `begin` on.
template <typename T>
RowsBackward<T> part_of(const Plan& plan, const BackwardBuffers<T>& io, bool past_cache, size_t row, size_t begin,
                        size_t length) {
  const size_t at = row * plan.spatial + begin;
  return {io.dy + at,
          io.x + at,
          io.dx + at,
          length,
          from(io.weight, begin),
          io.mean + row,
          io.variance + row,
          plan.eps,
          plan.centred,
          plan.given,
          past_cache,
          false,
          nullptr,
          nullptr};
}

// A row's numbers for the map; those of `gradient` where it takes the wide route.
template <typename T>
struct LongRow {
  RowGradientFold<T> fold;
  bool wide;
  WideGradient gradient;
};

// k2 and k1 of all rows, whose other numbers are there.
template <typename T>
void reduce_gradients(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io, LongRow<T>* rows) {
  const Slabs slabs(plan.samples, plan.spatial, kSlab<T>);
  Scratch<Sums> sums(slabs.tasks);
  parallel_for(slabs.tasks, 2 * plan.size() * sizeof(T), [&](size_t task) {
    const auto slab = slabs[task];
    sums[task] = kernels.part_gradient_sums(part_of(plan, io, false, slab.index, slab.begin, slab.length),
                                            rows[slab.index].fold.row);
  });
  for (size_t row = 0; row < plan.samples; ++row) {
    Sums total{0, 0};
    for (size_t i = 0; i < slabs.per_run; ++i) {
      total.s1 += sums[row * slabs.per_run + i].s1;
      total.s2 += sums[row * slabs.per_run + i].s2;
    }
    RowGradientFold<T>& fold = rows[row].fold;
    fold = fold_row_gradient(fold.row, rstd_of(io.variance[row], plan.eps), total.s1, total.s2, plan.spatial);
  }
}

// Every row's numbers for the map.
template <typename T>
void fold_gradients(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io, LongRow<T>* rows) {
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

// The sums over all rows of a strip of columns, [2, length] each: blocks in T; slabs and the total in float64, which
// one block of rows does without.
template <typename T>
class StripSums {
 public:
  StripSums(size_t rows, size_t length) : rows_(rows), length_(length) {
    clear(block_);
    if (rows <= kSteps) return;
    clear(slab_);
    clear(total_);
  }

  T* block() { return block_; }

  // Tells that the block has the sums of this row, too.
  void end_row(const KernelTable<T>& kernels, size_t row) {
    if (rows_ <= kSteps) return;
    const bool last = row + 1 == rows_;
    if (last || (row + 1) % kSteps == 0) kernels.rows_end_block(block_, slab_, 2 * length_);
    if (last || (row + 1) % kSlabRows == 0) {
      add_column_sums(slab_, 2 * length_, total_);
      clear(slab_);
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
  T block_[2 * kStripColumns];
  double slab_[2 * kStripColumns];
  double total_[2 * kStripColumns];
};

// dx of a strip of all rows, and its columns' sums.
template <typename T>
void map_strip(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io, bool past_cache,
               const LongRow<T>* rows, size_t begin, size_t length) {
  const bool wanted = io.dweight || io.dbias;
  StripSums<T> sums(plan.samples, length);
  for (size_t row = 0; row < plan.samples; ++row) {
    RowsBackward<T> part = part_of(plan, io, past_cache, row, begin, length);
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
void forward_row(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, bool past_cache,
                 size_t row, Cell* cells) {
  const Slabs slabs(1, plan.spatial, kSlab<T>);
  const size_t bytes = plan.spatial * sizeof(T);
  const T* x = io.x + row * plan.spatial;
  T* y = io.y + row * plan.spatial;
  if (!plan.given) {
    parallel_for(slabs.tasks, bytes, [&](size_t task) {
      const auto slab = slabs[task];
      cells[task] = kernels.run_moments(x + slab.begin, slab.length, plan.centred);
    });
    Cell total;
    for (size_t i = 0; i < slabs.tasks; ++i) merge(&total, cells[i].count, cells[i].mean, cells[i].m2);
    io.mean[row] = total.mean;
    io.variance[row] = variance_of(total);
  }
  const bool ordinary = are_ordinary_statistics<T>(io.mean[row], io.variance[row], plan.eps);
  if (!ordinary && map_wide_row(row_of(plan, io, row), 0)) return;
  const RowFold<T> fold = fold_row<T>(io.mean[row], io.variance[row], plan.eps);
  parallel_for(slabs.tasks, 2 * bytes, [&](size_t task) {
    const auto slab = slabs.from_end(task);
    const T* weight = from(io.weight, slab.begin);
    const T* bias = from(io.bias, slab.begin);
    kernels.part_map(x + slab.begin, y + slab.begin, slab.length, past_cache, weight, bias, fold, plan.centred);
  });
}

}  // namespace

template <typename T>
void long_rows_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  const bool past_cache = writes_past_cache(2 * plan.size() * sizeof(T), io.x == io.y);
  Scratch<Cell> cells(parts_of(plan.spatial, kSlab<T>));
  for (size_t row = 0; row < plan.samples; ++row) forward_row(plan, kernels, io, past_cache, row, cells.data());
}

template <typename T>
void long_rows_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io) {
  const size_t bytes = 3 * plan.size() * sizeof(T);
  const bool past_cache = writes_past_cache(bytes, io.dx == io.dy || io.dx == io.x);
  Scratch<LongRow<T>> rows(plan.samples);
  fold_gradients(plan, kernels, io, rows.data());
  const Slabs strips(1, plan.spatial, kStripColumns);
  parallel_for(strips.tasks, bytes, [&](size_t task) {
    const auto strip = strips.from_end(task);
    map_strip(plan, kernels, io, past_cache, rows.data(), strip.begin, strip.length);
  });
}

#define EVENKEEL_LONG_ROWS(T)                                                                       \
  template void long_rows_forward<T>(const Plan&, const KernelTable<T>&, const ForwardBuffers<T>&); \
  template void long_rows_backward<T>(const Plan&, const KernelTable<T>&, const BackwardBuffers<T>&);
EVENKEEL_LONG_ROWS(float)
EVENKEEL_LONG_ROWS(double)
#undef EVENKEEL_LONG_ROWS

}  // namespace evenkeel
