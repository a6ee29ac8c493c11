// rows: x [R, L]. Each row has its own statistics; weight and bias run along it, so that their gradients are column
// sums. A row is reduced, folded and mapped while it is in the cache.

#include "core/pass.h"
#include "core/slabs.h"
#include "runtime/parallel.h"

namespace evenkeel {

namespace {

// Up to this size rows are reduced four at a time; longer ones are slower so, once they come from memory
// (docs/decisions/0006). At most a block.
constexpr size_t kShortRowBytes = 1024;

// Fewer rows than this times the workers leave some idle: then a long row is split among them instead.
constexpr size_t kRowsPerWorker = 4;

bool splits_rows(const Plan& plan, size_t slabs_per_row, size_t row_bytes) {
  const size_t workers = workers_for(slabs_per_row, row_bytes);
  return workers > 1 && plan.samples < kRowsPerWorker * workers;
}

template <typename T>
Cell row_moments(const Plan& plan, const KernelTable<T>& kernels, const T* x) {
  Cell total;
  for (size_t begin = 0; begin < plan.spatial; begin += kSlab<T>) {
    const Cell slab = kernels.run_moments(x + begin, smaller(kSlab<T>, plan.spatial - begin), plan.centred);
    merge(&total, slab.count, slab.mean, slab.m2);
  }
  return total;
}

template <typename T>
void forward_row(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, size_t row) {
  const size_t start = row * plan.spatial;
  if (!plan.given) {
    const Cell moments = row_moments(plan, kernels, io.x + start);
    io.mean[row] = moments.mean;
    io.variance[row] = variance_of(moments);
  }
  const RowFold<T> fold = fold_row<T>(io.mean[row], io.variance[row], plan.eps);
  kernels.rows_map(io.x + start, io.y + start, plan.spatial, io.weight, io.bias, fold, plan.centred);
}

// The same for one long row, its slabs split among the team. cells: one per slab.
template <typename T>
void forward_split_row(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io, size_t row,
                       Cell* cells) {
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
  const RowFold<T> fold = fold_row<T>(io.mean[row], io.variance[row], plan.eps);
  parallel_for(slabs.tasks, 2 * bytes, [&](size_t task) {
    const auto slab = slabs[task];
    const T* weight = io.weight ? io.weight + slab.begin : nullptr;
    const T* bias = io.bias ? io.bias + slab.begin : nullptr;
    kernels.rows_map(x + slab.begin, y + slab.begin, slab.length, weight, bias, fold, plan.centred);
  });
}

// Where the column sums of a backward pass gather: a block of rows in T, a slab of rows in float64.
template <typename T>
struct ColumnSums {
  ColumnSums(size_t slabs, size_t workers, size_t length)
      : length(length), blocks(2 * workers * length), slabs(2 * slabs * length) {
    blocks.fill_zero();
    this->slabs.fill_zero();
  }

  T* block_weight(size_t worker) { return blocks.data() + 2 * worker * length; }
  T* block_bias(size_t worker) { return block_weight(worker) + length; }
  double* slab_weight(size_t slab) { return slabs.data() + 2 * slab * length; }

  // Adds a worker's block to a slab and empties it.
  void end_block(size_t worker, size_t slab) {
    T* block = block_weight(worker);
    double* into = slab_weight(slab);
    for (size_t j = 0; j < 2 * length; ++j) {
      into[j] += block[j];
      block[j] = 0;
    }
  }

  const size_t length;
  Scratch<T> blocks;
  Scratch<double> slabs;
};

template <typename T>
RowGradient<T> row_gradient(const Plan& plan, const BackwardBuffers<T>& io, size_t row, size_t begin, size_t length) {
  const size_t at = row * plan.spatial + begin;
  return {io.dy + at,
          io.x + at,
          io.weight ? io.weight + begin : nullptr,
          length,
          fold_row<T>(io.mean[row], io.variance[row], plan.eps),
          plan.centred};
}

// dx of row[begin, begin + length), k2 and k1 being folded from the whole row's sums.
template <typename T>
void map_gradient(const Plan& plan, const KernelTable<T>& kernels, const RowGradient<T>& part, T* dx, double rstd,
                  Sums sums) {
  if (plan.given) return kernels.rows_map_given(part, dx);
  const double length = static_cast<double>(plan.spatial);
  const T k2 = static_cast<T>(-(rstd * (sums.s2 / length)));
  const T k1 = static_cast<T>(-(rstd * (sums.s1 / length)));
  kernels.rows_map_gradient(part, dx, k2, k1);
}

template <typename T>
void backward_row(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io, size_t row,
                  ColumnSums<T>* columns, size_t worker) {
  const RowGradient<T> whole = row_gradient(plan, io, row, 0, plan.spatial);
  if (columns) kernels.rows_column_sums(whole, columns->block_weight(worker), columns->block_bias(worker));
  Sums total{0, 0};
  for (size_t begin = 0; begin < plan.spatial && !plan.given; begin += kSlab<T>) {
    const size_t length = smaller(kSlab<T>, plan.spatial - begin);
    const Sums slab = kernels.rows_gradient_sums(row_gradient(plan, io, row, begin, length));
    total.s1 += slab.s1;
    total.s2 += slab.s2;
  }
  map_gradient(plan, kernels, whole, io.dx + row * plan.spatial, rstd_of(io.variance[row], plan.eps), total);
}

// The same for one long row, its slabs split among the team. sums: one per slab.
template <typename T>
void backward_split_row(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io, size_t row,
                        ColumnSums<T>* columns, Sums* sums) {
  const Slabs slabs(1, plan.spatial, kSlab<T>);
  const size_t bytes = 2 * plan.spatial * sizeof(T);
  parallel_for(slabs.tasks, bytes, [&](size_t task) {
    const auto slab = slabs[task];
    const RowGradient<T> part = row_gradient(plan, io, row, slab.begin, slab.length);
    if (columns) {
      kernels.rows_column_sums(part, columns->block_weight(0) + slab.begin, columns->block_bias(0) + slab.begin);
    }
    if (!plan.given) sums[task] = kernels.rows_gradient_sums(part);
  });
  Sums total{0, 0};
  for (size_t i = 0; i < slabs.tasks && !plan.given; ++i) {
    total.s1 += sums[i].s1;
    total.s2 += sums[i].s2;
  }
  const double rstd = rstd_of(io.variance[row], plan.eps);
  parallel_for(slabs.tasks, bytes + bytes / 2, [&](size_t task) {
    const auto slab = slabs[task];
    const RowGradient<T> part = row_gradient(plan, io, row, slab.begin, slab.length);
    map_gradient(plan, kernels, part, io.dx + row * plan.spatial + slab.begin, rstd, total);
  });
}

// dweight, dbias += the slabs' sums, in the order of the slabs.
template <typename T>
void add_column_sums(const Plan& plan, const BackwardBuffers<T>& io, ColumnSums<T>* columns, size_t slabs) {
  const size_t length = plan.spatial;
  double* total = columns->slab_weight(0);
  for (size_t slab = 1; slab < slabs; ++slab) {
    const double* sums = columns->slab_weight(slab);
    for (size_t j = 0; j < 2 * length; ++j) total[j] += sums[j];
  }
  for (size_t j = 0; io.dweight && j < length; ++j) {
    io.dweight[j] = static_cast<T>(static_cast<double>(io.dweight[j]) + total[j]);
  }
  for (size_t j = 0; io.dbias && j < length; ++j) {
    io.dbias[j] = static_cast<T>(static_cast<double>(io.dbias[j]) + total[length + j]);
  }
}

}  // namespace

template <typename T>
void rows_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  const size_t row_bytes = plan.spatial * sizeof(T);
  const size_t slabs = parts_of(plan.spatial, kSlab<T>);
  if (splits_rows(plan, slabs, row_bytes)) {
    Scratch<Cell> cells(slabs);
    for (size_t row = 0; row < plan.samples; ++row) forward_split_row(plan, kernels, io, row, cells.data());
    return;
  }
  const size_t bytes = 2 * plan.samples * row_bytes;
  if (plan.given || row_bytes > kShortRowBytes) {
    parallel_for(plan.samples, bytes, [&](size_t row) { forward_row(plan, kernels, io, row); });
    return;
  }
  const auto short_rows = [&](size_t begin, size_t end, size_t) {
    const size_t at = begin * plan.spatial;
    const ShortRows<T> part{io.x + at,       io.y + at,           plan.spatial, io.weight,   io.bias,
                            io.mean + begin, io.variance + begin, plan.eps,     plan.centred};
    kernels.short_rows_forward(part, end - begin);
  };
  parallel_ranges(plan.samples, workers_for(plan.samples, bytes), short_rows);
}

template <typename T>
void rows_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io) {
  const size_t row_bytes = plan.spatial * sizeof(T);
  const size_t slabs = parts_of(plan.samples, kSlabRows);
  if (slabs == 0) return;
  const size_t slabs_per_row = parts_of(plan.spatial, kSlab<T>);
  const bool split = splits_rows(plan, slabs_per_row, row_bytes);
  const size_t workers = split ? 1 : workers_for(slabs, 3 * plan.samples * row_bytes);
  const bool wanted = io.dweight || io.dbias;
  ColumnSums<T> sums(slabs, workers, wanted ? plan.spatial : 0);
  ColumnSums<T>* columns = wanted ? &sums : nullptr;
  Scratch<Sums> row_sums(split ? slabs_per_row : 0);
  const auto slab_range = [&](size_t begin, size_t end, size_t worker) {
    for (size_t row = begin * kSlabRows; row < smaller(end * kSlabRows, plan.samples); ++row) {
      if (split) {
        backward_split_row(plan, kernels, io, row, columns, row_sums.data());
      } else {
        backward_row(plan, kernels, io, row, columns, worker);
      }
      const bool block_ends = row % kSteps == kSteps - 1 || row == plan.samples - 1;
      if (columns && block_ends) columns->end_block(worker, row / kSlabRows);
    }
  };
  parallel_ranges(slabs, workers, slab_range);
  if (columns) add_column_sums(plan, io, columns, slabs);
}

#define EVENKEEL_ROWS(T)                                                                       \
  template void rows_forward<T>(const Plan&, const KernelTable<T>&, const ForwardBuffers<T>&); \
  template void rows_backward<T>(const Plan&, const KernelTable<T>&, const BackwardBuffers<T>&);
EVENKEEL_ROWS(float)
EVENKEEL_ROWS(double)
#undef EVENKEEL_ROWS

}  // namespace evenkeel
