#include "runtime/cache.h"

#include <atomic>

#if defined(__linux__)
#include <unistd.h>
#endif

namespace evenkeel {

namespace {

// Where the last cache's size is not known: that of a common one.
constexpr size_t kUsualBytes = size_t{32} << 20;
// However large it is: the rest is other cores' (docs/decisions/0010).
constexpr size_t kMostBytes = size_t{64} << 20;

size_t machine_bytes() noexcept {
#if defined(_SC_LEVEL3_CACHE_SIZE)
  const long known = sysconf(_SC_LEVEL3_CACHE_SIZE);
  const size_t bytes = known > 0 ? static_cast<size_t>(known) : kUsualBytes;
#else
  const size_t bytes = kUsualBytes;
#endif
  return bytes < kMostBytes ? bytes : kMostBytes;
}

// Half of a common L2 cache, and no large part of the last one.
constexpr size_t kTileBytes = size_t{256} << 10;
constexpr size_t kTilesInCache = 32;

std::atomic<size_t> assumed{0};

size_t cache_bytes() noexcept {
  static const size_t machine = machine_bytes();
  const size_t bytes = assumed.load(std::memory_order_relaxed);
  return bytes > 0 ? bytes : machine;
}

}  // namespace

// Half of the cache, measured: below it plain stores are up to 1.7 times as fast, above it 0.6 times.
bool writes_past_cache(size_t bytes, bool in_place) noexcept { return !in_place && bytes >= cache_bytes() / 2; }

bool exceeds_cache(size_t bytes) noexcept { return bytes >= cache_bytes(); }

size_t tile_bytes() noexcept {
  const size_t share = cache_bytes() / kTilesInCache;
  return share < kTileBytes ? share : kTileBytes;
}

void set_cache_bytes(size_t bytes) noexcept { assumed.store(bytes, std::memory_order_relaxed); }

}  // namespace evenkeel
