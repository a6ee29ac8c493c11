// Cuts planes and columns into tiles. A tile is a plan over some of the slots. Tiles are reduced, folded and mapped one
// after another, so that each is read from memory once. A slot is never cut.
#pragma once

#include "base/arithmetic.h"
#include "core/fold.h"
#include "core/plan.h"
#include "runtime/cache.h"

namespace evenkeel {

class Tiles {
 public:
  // `bytes`: the number of bytes that are read for each element.
  Tiles(const Plan& plan, size_t bytes) : plan_(plan), row_(plan.scope == Scope::batch ? plan.channels : plan.groups) {
    const size_t samples = plan.scope == Scope::batch ? plan.samples : 1;
    const size_t slot = samples * (plan.channels / row_) * plan.spatial * bytes;
    // Read once, because another thread may set the size of the cache meanwhile.
    const size_t most = tile_bytes();
    const size_t fitting = slot > 0 && slot < most ? most / slot : 1;
    // With columns, a batch is one tile, and a sample is never cut: the slots of a sample lie interleaved in memory.
    slots_ = plan.pattern == Pattern::columns ? row_ : smaller(fitting, row_);
    per_row_ = parts_of(row_, slots_);
    samples_ = plan.scope == Scope::batch ? at_least_one(plan.samples)
               : slots_ == row_           ? at_least_one(fitting / row_)
                                          : 1;
    count_ = per_row_ * parts_of(plan.samples, samples_);
  }

  // 0 if there are no samples.
  size_t count() const { return count_; }

  Plan plan(size_t tile) const {
    Plan part = plan_;
    part.samples = smaller(samples_, plan_.samples - sample(tile));
    const size_t slots = smaller(slots_, row_ - first(tile));
    part.channels = slots * (plan_.channels / row_);
    if (plan_.scope == Scope::group) part.groups = slots;
    return part;
  }

  // The beginning of a tile: in weight and bias, in the table of samples and channels, in x, and in the statistics.
  size_t channel(size_t tile) const { return first(tile) * (plan_.channels / row_); }
  size_t entry(size_t tile) const { return sample(tile) * plan_.channels + channel(tile); }
  size_t element(size_t tile) const {
    return sample(tile) * plan_.channels * plan_.spatial + channel(tile) * plan_.spatial;
  }
  size_t slot(size_t tile) const { return sample(tile) * row_ + first(tile); }

 private:
  static size_t at_least_one(size_t n) { return n > 0 ? n : 1; }
  size_t sample(size_t tile) const { return tile / per_row_ * samples_; }
  size_t first(size_t tile) const { return tile % per_row_ * slots_; }

  const Plan plan_;
  // The number of slots that lie side by side: the channels of a batch, or the groups of a sample.
  const size_t row_;
  size_t slots_;
  size_t per_row_;
  size_t samples_;
  size_t count_;
};

// The number of elements from a tile to the next one. 0 if the whole plan is one tile.
inline size_t to_next_tile(const Plan& whole, const Plan& tile) {
  if (tile.size() == whole.size()) return 0;
  return (tile.scope == Scope::batch ? 1 : tile.samples) * tile.channels * tile.spatial;
}

}  // namespace evenkeel
