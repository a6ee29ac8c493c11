// rows: x [R, L]. Each row has its own statistics; weight and bias run along it, so that their gradients are column
// sums. A row is reduced, folded and mapped while it is in the cache; longer ones: long_rows.cc.

#include "core/arithmetic.h"
#include "core/column_sums.h"
#include "core/lines.h"
#include "core/long_rows.h"
#include "core/pass.h"
#include "runtime/cache.h"
#include "runtime/parallel.h"

namespace evenkeel {

namespace {

// Where the column sums of a backward pass gather: a block of rows in T per worker, a slab of rows in float64. A block
// lies to a cache line as dx does, so that the stores to both stay within lines, where rows are whole lines long.
template <typename T>
struct RowColumnSums {
  RowColumnSums(size_t slabs, size_t workers, size_t length, const T* dx, bool past_cache)
      : length(length),
        lead(goes_by_lines(length * sizeof(T), past_cache) ? past_line(dx) : 0),
        apart((parts_of(2 * length, kLineElements<T>) + 1) * kLineElements<T>),
        blocks(workers * apart),
        slabs(2 * slabs * length) {
    blocks.fill_zero();
    this->slabs.fill_zero();
  }

  T* block(size_t worker) { return blocks.data() + worker * apart + lead; }
  double* slab(size_t index) { return slabs.data() + 2 * index * length; }

  const size_t length;
  const size_t lead;
  const size_t apart;
  Scratch<T> blocks;
  Scratch<double> slabs;
};

// Shorter rows share so many of their lines with their neighbours that stores past the cache lose
// (docs/decisions/0010).
constexpr size_t kShortestPastCache = 1024;

bool rows_past_cache(size_t row_bytes, size_t bytes, bool in_place) {
  return row_bytes >= kShortestPastCache && writes_past_cache(bytes, in_place);
}

// Their lines are asked for instead.
bool asks_for_lines(size_t row_bytes, size_t bytes) {
  return row_bytes < kShortestPastCache && works_from_memory(bytes);
}

// A row of more than a slab is split, and so are rows too few to keep the team busy.
template <typename T>
bool splits_rows(const Plan& plan, size_t parts, size_t bytes) {
  return plan.spatial > kSlab<T> || workers_for(plan.size(), bytes) > parts;
}

// The slab of rows [begin, end), a block at a time. sums: of this worker and slab, or null.
template <typename T>
void backward_slab(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io, bool past_cache,
                   bool ask_ahead, size_t begin, size_t end, T* block, double* slab) {
  for (size_t row = begin; row < end; row += kSteps) {
    const size_t at = row * plan.spatial;
    T* dweight = block;
    T* dbias = block ? block + plan.spatial : nullptr;
    kernels.rows_backward({io.dy + at, io.x + at, io.dx + at, plan.spatial, io.weight, io.mean + row, io.variance + row,
                           plan.eps, plan.centred, plan.given, past_cache, ask_ahead, dweight, dbias},
                          smaller(kSteps, end - row));
    if (block) kernels.rows_end_block(block, slab, 2 * plan.spatial);
  }
}

}  // namespace

template <typename T>
void rows_forward(const Plan& plan, const KernelTable<T>& kernels, const ForwardBuffers<T>& io) {
  const size_t bytes = 2 * plan.size() * sizeof(T);
  if (splits_rows<T>(plan, plan.samples, bytes)) return long_rows_forward(plan, kernels, io);
  const bool past_cache = rows_past_cache(plan.spatial * sizeof(T), bytes, io.x == io.y);
  const bool ask_ahead = asks_for_lines(plan.spatial * sizeof(T), bytes);
  const auto range = [&](size_t begin, size_t end, size_t) {
    const size_t at = begin * plan.spatial;
    kernels.rows_forward({io.x + at, io.y + at, plan.spatial, io.weight, io.bias, io.mean + begin, io.variance + begin,
                          plan.eps, plan.centred, plan.given, past_cache, ask_ahead},
                         end - begin);
  };
  parallel_ranges(plan.samples, workers_for(plan.samples, bytes), range);
}

template <typename T>
void rows_backward(const Plan& plan, const KernelTable<T>& kernels, const BackwardBuffers<T>& io) {
  const size_t bytes = 3 * plan.size() * sizeof(T);
  const size_t slabs = parts_of(plan.samples, kSlabRows);
  if (splits_rows<T>(plan, slabs, bytes)) return long_rows_backward(plan, kernels, io);
  const size_t workers = workers_for(slabs, bytes);
  const bool wanted = io.dweight || io.dbias;
  const bool past_cache = rows_past_cache(plan.spatial * sizeof(T), bytes, io.dx == io.dy || io.dx == io.x);
  RowColumnSums<T> sums(slabs, workers, wanted ? plan.spatial : 0, io.dx, past_cache);
  const bool ask_ahead = asks_for_lines(plan.spatial * sizeof(T), bytes);
  const auto range = [&](size_t begin, size_t end, size_t worker) {
    T* block = wanted ? sums.block(worker) : nullptr;
    for (size_t slab = begin; slab < end; ++slab) {
      const size_t row = slab * kSlabRows;
      backward_slab(plan, kernels, io, past_cache, ask_ahead, row, smaller(row + kSlabRows, plan.samples), block,
                    wanted ? sums.slab(slab) : nullptr);
    }
  };
  parallel_ranges(slabs, workers, range);
  if (!wanted) return;
  double* total = sums.slab(0);
  for (size_t slab = 1; slab < slabs; ++slab) add_column_sums(sums.slab(slab), 2 * plan.spatial, total);
  add_to_parameters(kernels.add_sums_to_gradient, static_cast<const double*>(total), plan.spatial, io.dweight,
                    io.dbias);
}

#define EVENKEEL_ROWS(T)                                                                       \
  template void rows_forward<T>(const Plan&, const KernelTable<T>&, const ForwardBuffers<T>&); \
  template void rows_backward<T>(const Plan&, const KernelTable<T>&, const BackwardBuffers<T>&);
EVENKEEL_ROWS(float)
EVENKEEL_ROWS(double)
#undef EVENKEEL_ROWS

}  // namespace evenkeel
