// The slots of planes and columns that take the wide route. The map covers all slots, and may overwrite what the
// results of these slots are computed from. So their results are computed into an array of their own before the map,
// and are copied to y or dx after it.
#pragma once

#include <optional>

#include "base/wide.h"
#include "core/fold.h"

namespace evenkeel {

// Whether no slot takes the wide route. `sums` is null if none are needed.
template <typename T>
bool are_gradients_ordinary(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table,
                            const GradientSums* sums);

// Replaces the sums of slots that are not ordinary, or whose sums are not: the sums of dy and of dy * xhat of each
// line, and the sums of the slot.
template <typename T>
void replace_sums(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table, GradientSums* sums,
                  const SlotSums& merged);

template <typename T>
class WideSlots {
 public:
  // Has no slot yet.
  explicit WideSlots(const Plan& plan) : plan_(plan) {}
  // Computes y of the slots that are not ordinary. ordinary: the statistics are known to be ordinary. Throws
  // std::bad_alloc.
  WideSlots(const Plan& plan, const ForwardBuffers<T>& io, const ForwardTable<T>& table, bool ordinary);

  // Computes dx of the slots that are not ordinary, or whose sums are not. Throws std::bad_alloc.
  void take(const BackwardBuffers<T>& io, const BackwardTable<T>& table, const SlotSums& merged);

  // Copies the results to their places in y or dx.
  void put(T* into) const;

 private:
  template <typename Ordinary, typename Results>
  void take_others(const Ordinary& is_ordinary, const Results& results);

  const Plan plan_;
  size_t count_ = 0;
  // The index of each slot that was computed, and its results, line after line.
  std::optional<Scratch<size_t>> indices_;
  std::optional<Scratch<T>> values_;
};

}  // namespace evenkeel
