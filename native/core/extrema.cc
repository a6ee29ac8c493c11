#include "core/extrema.h"

#include <algorithm>
#include <limits>

#include "base/arithmetic.h"
#include "base/cache_lines.h"
#include "core/partitions.h"
#include "runtime/parallel.h"
#include "runtime/scratch.h"

namespace evenkeel {

namespace {

template <typename T>
constexpr T kInfinity = std::numeric_limits<T>::infinity();

// x as [count, length, width], of which per_slot neighbouring columns belong to the same slot. A span is a column of
// width 1.
struct Extents {
  size_t count;
  size_t length;
  size_t width;
  size_t per_slot;
};

// A shorter span takes longer for its lanes and its tail than for its steps. The elements of such planes are columns
// over the samples.
constexpr size_t kShortSpan = 128;

Extents extents_of(const Plan& plan) {
  const bool batch = plan.scope == Scope::batch;
  if (plan.pattern == Pattern::columns) {
    return {plan.samples, plan.spatial, plan.channels, batch ? 1 : plan.channels / plan.groups};
  }
  if (!batch) return {plan.slots(), plan.count(), 1, 1};
  if (plan.spatial < kShortSpan) return {1, plan.samples, plan.channels * plan.spatial, plan.spatial};
  return {plan.samples * plan.channels, plan.spatial, 1, 1};
}

// Lowers low and raises high to n numbers of each: both are [n].
template <typename T>
void include(const T* least, const T* greatest, size_t n, T* low, T* high) {
  for (size_t i = 0; i < n; ++i) {
    low[i] = least[i] < low[i] ? least[i] : low[i];
    high[i] = greatest[i] > high[i] ? greatest[i] : high[i];
  }
}

// The same for x [rows, width], whose width is less than the kernel takes: a step of rows is one wide row.
template <typename T>
void include_narrow(const KernelTable<T>& kernels, const T* x, size_t rows, size_t width, T* low, T* high) {
  constexpr size_t step = kLanes<T>;
  const size_t wide = step * width;
  const size_t rest = rows % step;
  if (rows > rest) {
    T least[step * step];
    T greatest[step * step];
    std::fill_n(least, wide, kInfinity<T>);
    std::fill_n(greatest, wide, -kInfinity<T>);
    kernels.columns_extrema(x, rows / step, wide, least, greatest);
    for (size_t i = 0; i < wide; i += width) include(least + i, greatest + i, width, low, high);
  }
  const T* tail = x + (rows - rest) * width;
  for (size_t i = 0; i < rest * width; i += width) include(tail + i, tail + i, width, low, high);
}

// The minima and maxima that each worker has seen, one of each for each column of each slot. The order in which they
// are merged does not matter, so that tasks need none of their own.
template <typename T>
class Seen {
 public:
  Seen(size_t workers, size_t entries)
      : workers_(workers),
        apart_(parts_of(entries, kLineElements<T>) * kLineElements<T>),
        low_(workers * apart_),
        high_(workers * apart_) {
    std::fill_n(low_.data(), workers * apart_, kInfinity<T>);
    std::fill_n(high_.data(), workers * apart_, -kInfinity<T>);
  }

  T* low(size_t worker, size_t entry) { return low_.data() + worker * apart_ + entry; }
  T* high(size_t worker, size_t entry) { return high_.data() + worker * apart_ + entry; }

  // The extrema of the slot that has the entries [begin, begin + n).
  void merge(size_t begin, size_t n, double* min, double* max) {
    T least = kInfinity<T>;
    T greatest = -kInfinity<T>;
    for (size_t worker = 0; worker < workers_; ++worker) {
      for (size_t i = 0; i < n; ++i) {
        least = std::min(least, *low(worker, begin + i));
        greatest = std::max(greatest, *high(worker, begin + i));
      }
    }
    // -0 becomes 0, because which of two zeroes is met first depends on the order.
    *min = static_cast<double>(least) + 0.0;
    *max = static_cast<double>(greatest) + 0.0;
  }

 private:
  const size_t workers_;
  const size_t apart_;
  Scratch<T> low_;
  Scratch<T> high_;
};

}  // namespace

template <typename T>
void extrema(const Plan& plan, const KernelTable<T>& kernels, const ExtremaBuffers<T>& io) {
  const size_t slots = plan.slots();
  if (plan.size() == 0) {
    std::fill_n(io.min, slots, kInfinity<double>);
    std::fill_n(io.max, slots, -kInfinity<double>);
    return;
  }
  const Extents extents = extents_of(plan);
  const bool narrow = extents.width < kLanes<T>;
  const size_t entries = slots * extents.per_slot;
  const Partitions partitions(extents.count, extents.length, narrow ? kPartition<T> / extents.width : kSteps);
  const size_t workers = workers_for(partitions.tasks, plan.size() * sizeof(T));
  Seen<T> seen(workers, entries);
  parallel_ranges(partitions.tasks, workers, [&](size_t begin, size_t end, size_t worker) {
    for (size_t task = begin; task < end; ++task) {
      const auto partition = partitions[task];
      const T* x = io.x + (partition.index * extents.length + partition.begin) * extents.width;
      const size_t entry = partition.index * extents.width % entries;
      T* low = seen.low(worker, entry);
      T* high = seen.high(worker, entry);
      if (narrow) {
        include_narrow(kernels, x, partition.length, extents.width, low, high);
      } else {
        kernels.columns_extrema(x, partition.length, extents.width, low, high);
      }
    }
  });
  for (size_t slot = 0; slot < slots; ++slot) {
    seen.merge(slot * extents.per_slot, extents.per_slot, io.min + slot, io.max + slot);
  }
}

template void extrema<float>(const Plan&, const KernelTable<float>&, const ExtremaBuffers<float>&);
template void extrema<double>(const Plan&, const KernelTable<double>&, const ExtremaBuffers<double>&);

}  // namespace evenkeel
