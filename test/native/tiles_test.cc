#include "core/tiles.h"

#include <atomic>
#include <thread>
#include <vector>

#include "check.h"

using namespace evenkeel;

namespace {

Plan plan_of(Pattern pattern, Scope scope, size_t samples, size_t channels, size_t spatial, size_t groups) {
  Plan plan{};
  plan.pattern = pattern;
  plan.scope = scope;
  plan.samples = samples;
  plan.channels = plan.stride = channels;
  plan.spatial = spatial;
  plan.groups = groups;
  return plan;
}

// Every sample and channel is in one tile, at the place that the tile says, with the statistics of its own slot.
void check_cover(const Plan& plan) {
  const Tiles tiles(plan, sizeof(float));
  const bool planes = plan.pattern == Pattern::planes;
  std::vector<int> covered(plan.samples * plan.channels, 0);
  bool right = true;
  for (size_t i = 0; i < tiles.count(); ++i) {
    const Plan tile = tiles.plan(i);
    right = right && tile.samples > 0 && tile.channels > 0 && tile.spatial == plan.spatial &&
            tile.channels % tile.groups == 0;
    for (size_t n = 0; n < tile.samples; ++n) {
      for (size_t c = 0; c < tile.channels; ++c) {
        const size_t entry = tiles.entry(i) + n * tile.stride + c;
        if (entry >= covered.size()) {
          right = false;
          continue;
        }
        ++covered[entry];
        const size_t sample = entry / plan.channels;
        const size_t channel = entry % plan.channels;
        right = right && channel == tiles.channel(i) + c;
        right = right && tiles.slot(i) + tile.slot_of(n, c) == plan.slot_of(sample, channel);
        const size_t first = sample * plan.channels * plan.spatial + (planes ? channel * plan.spatial : channel);
        const size_t of_tile = planes ? (n * tile.stride + c) * plan.spatial : n * plan.channels * plan.spatial + c;
        right = right && tiles.element(i) + of_tile == first;
      }
    }
  }
  for (int times : covered) right = right && times == 1;
  CHECK(right, "samples", plan.samples, "channels", plan.channels, "spatial", plan.spatial, "groups", plan.groups,
        "planes", planes, "batch", plan.scope == Scope::batch);
}

}  // namespace

TEST(tiles_cover_everything_once) {
  // Spatial extents at which a tile is many samples, some slots, one slot, and where one slot is more than a tile.
  for (size_t spatial : {0, 1, 49, 3000, 30000, 70000}) {
    for (size_t samples : {0, 1, 3, 40}) {
      for (size_t channels : {1, 6, 64}) {
        check_cover(plan_of(Pattern::planes, Scope::batch, samples, channels, spatial, 1));
        for (size_t groups : {size_t{1}, channels % 3 == 0 ? size_t{3} : size_t{1}, channels}) {
          check_cover(plan_of(Pattern::planes, Scope::group, samples, channels, spatial, groups));
          check_cover(plan_of(Pattern::columns, Scope::group, samples, channels, spatial, groups));
        }
      }
    }
  }
  check_cover(plan_of(Pattern::columns, Scope::batch, 1, 64, 70000, 1));
}

TEST(nothing_is_no_tile) {
  CHECK(Tiles(plan_of(Pattern::planes, Scope::group, 0, 4, 5, 2), sizeof(float)).count() == 0);
}

TEST(tiles_stay_small_where_slots_are) {
  const Plan plan = plan_of(Pattern::planes, Scope::group, 32, 256, 3136, 32);
  const Tiles tiles(plan, sizeof(float));
  size_t most = 0;
  for (size_t i = 0; i < tiles.count(); ++i) {
    const size_t bytes = tiles.plan(i).size() * sizeof(float);
    if (bytes > most) most = bytes;
  }
  CHECK(most <= tile_bytes() && 2 * most > tile_bytes(), "most", most);
}

TEST(the_cache_may_be_set_meanwhile) {
  const Plan plan = plan_of(Pattern::planes, Scope::group, 2, 4, 5, 2);
  std::atomic<bool> done{false};
  std::thread other([&] {
    // A cache of one byte has tiles of none.
    for (size_t bytes = 0; !done; bytes = 1 - bytes) set_cache_bytes(bytes);
  });
  size_t tiles = 0;
  for (int i = 0; i < 100000; ++i) tiles += Tiles(plan, sizeof(float)).count();
  done = true;
  other.join();
  set_cache_bytes(0);
  CHECK(tiles > 0);
}
