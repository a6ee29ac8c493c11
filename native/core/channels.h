// The passes of planes and columns, around the reduce and the map of each pattern. `pattern` is one of the two
// patterns, with these functions over a plan, or over a tile of it:
//   moments(plan, io), map(plan, io, table, stores)
//   gradient_sums(plan, io, table, sums), map_gradient(plan, io, table, stores)
#pragma once

#include "base/ranges.h"
#include "core/tiled_pass.h"
#include "core/wide_moments.h"
#include "core/wide_slots.h"

namespace evenkeel {

// reduce -> merge
template <typename T, typename Pattern>
void channels_moments(const Pattern& pattern, const Plan& plan, const MomentsBuffers<T>& io) {
  pattern.moments(plan, io);
  replace_moments(plan, io);
}

// The same for mean and variance. Returns whether all of them are ordinary.
template <typename T, typename Pattern>
bool take_statistics(const Pattern& pattern, const Plan& plan, const ForwardBuffers<T>& io) {
  const size_t slots = plan.slots();
  const double count = static_cast<double>(plan.count());
  pattern.moments(plan, MomentsBuffers<T>{io.x, io.mean, io.variance});
  // io.variance has M2 so far. The count is not 0, because a tile has elements.
  for (size_t slot = 0; slot < slots; ++slot) io.variance[slot] /= count;
  if (all_statistics_are_ordinary<T>(io.mean, io.variance, slots, plan.eps)) return true;
  replace_statistics(plan, io);
  return false;
}

// fold -> map. ordinary: the statistics are known to be ordinary.
template <typename T, typename Pattern>
void apply_tile(const Pattern& pattern, const Plan& plan, const ForwardBuffers<T>& io, bool ordinary, Stores stores) {
  ForwardTable<T> table(plan);
  fold_forward(plan, io, &table);
  const WideSlots<T> wide(plan, io, table, ordinary);
  pattern.map(plan, io, table, stores);
  wide.put(io.y);
}

template <typename T, typename Pattern>
void channels_apply(const Pattern& pattern, const Plan& plan, const ForwardBuffers<T>& io) {
  apply_tile(pattern, plan, io, false, stores_for(2 * plan.size() * sizeof(T), io.x == io.y));
}

// reduce -> merge -> fold -> map
template <typename T, typename Pattern>
void channels_forward(const Pattern& pattern, const Plan& whole, const ForwardBuffers<T>& all) {
  forward_tiles(whole, all, [&](const Plan& plan, const ForwardBuffers<T>& io, Stores stores) {
    const bool ordinary = !plan.given && take_statistics(pattern, plan, io);
    apply_tile(pattern, plan, io, ordinary, stores);
  });
}

// reduce -> merge. Fills the whole table, and the sums of each sample and channel. Also fills the sums of each slot,
// unless the statistics are given. Returns whether no slot takes the wide route.
template <typename T, typename Pattern>
bool reduce_gradients(const Pattern& pattern, const Plan& plan, const BackwardBuffers<T>& io, BackwardTable<T>* table,
                      GradientSums* sums, const SlotSums& merged) {
  fold_sums(plan, io, table);
  if (!needs_sums(plan, io)) return are_gradients_ordinary(plan, io, *table, nullptr);
  pattern.gradient_sums(plan, io, *table, sums);
  correct_sums(plan, io, *table, sums);
  if (!plan.given) {
    merge_gradients(plan, io.weight, *sums, merged);
    fold_backward(plan, io, merged, table);
  }
  if (are_gradients_ordinary(plan, io, *table, sums)) return true;
  replace_sums(plan, io, *table, sums, merged);
  if (!plan.given) fold_backward(plan, io, merged, table);
  return false;
}

template <typename T, typename Pattern>
void channels_gradient_sums(const Pattern& pattern, const Plan& plan, const GradientSumsBuffers<T>& buffers) {
  const BackwardBuffers<T> io = buffers.backward();
  const SlotSums merged{buffers.sum1, buffers.sum2};
  const bool needed = needs_sums(plan, io);
  BackwardTable<T> table(plan);
  GradientSums sums(needed ? plan.table_samples() * plan.channels : 0);
  merged.fill_zero(plan.slots());
  if (!needed) return;
  reduce_gradients(pattern, plan, io, &table, &sums, merged);
  add_parameter_gradients(plan, io, sums);
}

// fold -> map
template <typename T, typename Pattern>
void channels_apply_gradient(const Pattern& pattern, const Plan& plan, const ApplyGradientBuffers<T>& buffers) {
  const BackwardBuffers<T> io = buffers.backward();
  const SlotSums merged{buffers.sum1, buffers.sum2};
  BackwardTable<T> table(plan);
  fold_sums(plan, io, &table);
  if (!plan.given) fold_backward(plan, io, merged, &table);
  WideSlots<T> wide(plan);
  if (!are_gradients_ordinary(plan, io, table, nullptr)) wide.take(io, table, merged);
  const size_t bytes = 3 * plan.size() * sizeof(T);
  pattern.map_gradient(plan, io, table, stores_for(bytes, io.dx == io.dy || io.dx == io.x));
  wide.put(io.dx);
}

// All of a tile's backward pass but the map. `wide` takes the slots of the wide route. The sums of slots are freed
// here, before the map, because a thread keeps only a limited number of temporaries between calls (runtime/scratch.cc).
template <typename T, typename Pattern>
void fold_gradient_tile(const Pattern& pattern, const Plan& plan, const BackwardBuffers<T>& io, BackwardTable<T>* table,
                        GradientSums* sums, WideSlots<T>* wide) {
  GradientSums of_slots(plan.given ? 0 : plan.slots());
  const SlotSums merged{of_slots.sum1.data(), of_slots.sum2.data()};
  if (!reduce_gradients(pattern, plan, io, table, sums, merged)) wide->take(io, *table, merged);
}

// reduce -> merge -> fold -> map
template <typename T, typename Pattern>
void channels_backward(const Pattern& pattern, const Plan& whole, const BackwardBuffers<T>& all) {
  backward_tiles(whole, all, [&](const Plan& plan, const BackwardBuffers<T>& io, Stores stores, GradientSums* sums) {
    BackwardTable<T> table(plan);
    WideSlots<T> wide(plan);
    fold_gradient_tile(pattern, plan, io, &table, sums, &wide);
    pattern.map_gradient(plan, io, table, stores);
    wide.put(io.dx);
  });
}

}  // namespace evenkeel
