// The slots of planes and columns that take the wide route. Their results are computed aside before the map, which maps
// all slots and may overwrite what these are made of, and put after it.
#pragma once

#include <optional>

#include "base/wide.h"
#include "core/fold.h"

namespace evenkeel {

// Whether no slot takes the wide route. sums: null where none are needed.
template <typename T>
bool are_gradients_ordinary(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table,
                            const GradientSums* sums);

// Replaces the sums of the slots that are not ordinary, or whose sums are not: those of each line, of dy and of
// dy * xhat, and those of the slot.
template <typename T>
void replace_sums(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table, GradientSums* sums,
                  const SlotSums& merged);

template <typename T>
class WideSlots {
 public:
  // No slot.
  explicit WideSlots(const Plan& plan) : plan_(plan) {}
  // y of those slots; ordinary: the statistics are known to be. Throws std::bad_alloc.
  WideSlots(const Plan& plan, const ForwardBuffers<T>& io, const ForwardTable<T>& table, bool ordinary);

  // dx of the slots that are not ordinary, or whose sums are not. Throws std::bad_alloc.
  void take(const BackwardBuffers<T>& io, const BackwardTable<T>& table, const SlotSums& merged);

  // Puts the results where they belong in y or dx.
  void put(T* into) const;

 private:
  template <typename Ordinary, typename Results>
  void take_others(const Ordinary& is_ordinary, const Results& results);

  const Plan plan_;
  size_t count_ = 0;
  // Of each of them: which slot it is, and its results, line after line.
  std::optional<Scratch<size_t>> indices_;
  std::optional<Scratch<T>> values_;
};

}  // namespace evenkeel
