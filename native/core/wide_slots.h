// The slots of planes and columns that take the wide route. Their results are computed aside before the map, which maps
// all slots and may overwrite what these are made of, and put after it.
#pragma once

#include <optional>

#include "base/wide.h"
#include "core/fold.h"

namespace evenkeel {

template <typename T>
class WideSlots {
 public:
  // y of those slots, whose statistics are computed anew. Throws std::bad_alloc.
  WideSlots(const Plan& plan, const ForwardBuffers<T>& io, const ForwardTable<T>& table);
  // dx of them, whose sums (of dy, and of dy * xhat) are computed anew; sums: null where none are needed.
  WideSlots(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table, GradientSums* sums);

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
