// Runs the passes of planes and columns tile by tile.
#pragma once

#include <atomic>
#include <new>

#include "core/tiles.h"
#include "runtime/cache.h"
#include "runtime/parallel.h"

namespace evenkeel {

// Whether a pass runs tile by tile. If there are too few tiles to keep the thread pool busy, the whole plan is one
// tile, whose passes the pool splits. Within the cache one tile is faster: 0.45 ms instead of 0.6 ms at 6 MB
// (docs/decisions/0010).
inline bool runs_tiles(const Plan& plan, const Tiles& tiles, size_t bytes) {
  if (plan.given || !exceeds_cache(bytes)) return false;
  return keeps_busy(tiles.count(), workers_for(plan.size(), bytes));
}

// Calls body(i) for each tile, on the thread pool. If a tile finds no memory for its tables, throws std::bad_alloc
// after all tiles have run.
template <typename Body>
void each_tile(const Tiles& tiles, size_t bytes, const Body& body) {
  std::atomic<bool> failed{false};
  parallel_for(tiles.count(), bytes, [&](size_t i) {
    try {
      body(i);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
  });
  if (failed) throw std::bad_alloc();
}

// Calls forward_tile(plan, buffers, stores) for each tile.
template <typename T, typename ForwardTile>
void forward_tiles(const Plan& plan, const ForwardBuffers<T>& io, const ForwardTile& forward_tile) {
  const size_t bytes = 2 * plan.size() * sizeof(T);
  const Stores stores = stores_for(bytes, io.x == io.y);
  const Tiles tiles(plan, sizeof(T));
  if (!runs_tiles(plan, tiles, bytes)) return forward_tile(plan, io, stores);
  each_tile(tiles, bytes, [&](size_t i) {
    const size_t channel = tiles.channel(i);
    forward_tile(
        tiles.plan(i),
        ForwardBuffers<T>{io.x + tiles.element(i), io.y + tiles.element(i), io.weight ? io.weight + channel : nullptr,
                          io.bias ? io.bias + channel : nullptr, io.mean + tiles.slot(i), io.variance + tiles.slot(i)},
        stores);
  });
}

// Copies the sums of a tile to their places among the sums of all samples and channels.
inline void put_sums(const Plan& tile, const GradientSums& from, size_t entry, GradientSums* into) {
  for (size_t n = 0; n < tile.table_samples(); ++n) {
    for (size_t c = 0; c < tile.channels; ++c) {
      into->sum1[entry + n * tile.stride + c] = from.sum1[n * tile.channels + c];
      into->sum2[entry + n * tile.stride + c] = from.sum2[n * tile.channels + c];
    }
  }
}

// Calls backward_tile(plan, buffers, stores, sums) for each tile. Then adds the sums of all tiles to the
// gradients of the parameters.
template <typename T, typename BackwardTile>
void backward_tiles(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTile& backward_tile) {
  const size_t bytes = 3 * plan.size() * sizeof(T);
  const Stores stores = stores_for(bytes, io.dx == io.dy || io.dx == io.x);
  const Tiles tiles(plan, 2 * sizeof(T));
  GradientSums sums(needs_sums(plan, io) ? plan.table_samples() * plan.channels : 0);
  if (!runs_tiles(plan, tiles, bytes)) {
    backward_tile(plan, io, stores, &sums);
  } else {
    each_tile(tiles, bytes, [&](size_t i) {
      const Plan tile = tiles.plan(i);
      const size_t at = tiles.element(i);
      GradientSums own(tile.table_samples() * tile.channels);
      backward_tile(
          tile,
          BackwardBuffers<T>{io.dy + at, io.x + at, io.dx + at, io.weight ? io.weight + tiles.channel(i) : nullptr,
                             io.mean + tiles.slot(i), io.variance + tiles.slot(i), io.dweight, io.dbias},
          stores, &own);
      put_sums(tile, own, tiles.entry(i), &sums);
    });
  }
  if (io.dweight || io.dbias) add_parameter_gradients(plan, io, sums);
}

}  // namespace evenkeel
