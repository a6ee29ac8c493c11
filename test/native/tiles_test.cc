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

}  // namespace

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
