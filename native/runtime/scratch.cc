#include "runtime/scratch.h"

#include <array>
#include <new>

#include "base/arithmetic.h"

#if defined(_WIN32)
#include <windows.h>
#endif

namespace evenkeel {

namespace {

// A call takes about ten temporaries at most. There is no use in keeping more blocks than that.
constexpr size_t kKeptBlocks = 12;
// The most that a thread keeps between calls. Each call with larger temporaries pays again for fresh pages.
constexpr size_t kKeptBytes = size_t{64} << 20;

struct Block {
  void* data = nullptr;
  size_t capacity = 0;
};

void* allocate(size_t bytes) { return ::operator new(bytes, std::align_val_t{kCacheLine}); }
void deallocate(void* data) noexcept { ::operator delete(data, std::align_val_t{kCacheLine}); }

class BlockCache {
 public:
  ~BlockCache() {
    for (Block& block : blocks_) deallocate(block.data);
  }

  // Takes out the smallest kept block that is large enough. Returns a block without data if there is none.
  Block take(size_t bytes) noexcept {
    Block* best = nullptr;
    for (Block& block : blocks_) {
      const bool fits = block.data && block.capacity >= bytes;
      if (fits && (!best || block.capacity < best->capacity)) best = &block;
    }
    if (!best) return {};
    const Block taken = *best;
    kept_ -= taken.capacity;
    *best = {};
    return taken;
  }

  // Keeps `given` in place of the smallest kept block, so that blocks of small calls do not fill the cache for good.
  // Returns the block that is not kept: the replaced one, or `given` itself if it is smaller or too large.
  Block keep(Block given) noexcept {
    Block* smallest = &blocks_[0];
    for (Block& block : blocks_) {
      if (block.capacity < smallest->capacity) smallest = &block;
    }
    const bool fits = kept_ - smallest->capacity + given.capacity <= kKeptBytes;
    if (!fits || smallest->capacity >= given.capacity) return given;
    const Block given_up = *smallest;
    kept_ += given.capacity - given_up.capacity;
    *smallest = given;
    return given_up;
  }

 private:
  std::array<Block, kKeptBlocks> blocks_;
  size_t kept_ = 0;
};

#if defined(_WIN32)

// Not thread_local: when a thread ends, MinGW frees thread_local storage before it calls ~BlockCache (GCC's bug 80816).
void WINAPI end_cache(void* cache) { delete static_cast<BlockCache*>(cache); }

// Null if the system has no fiber-local storage left. Then no block is kept.
BlockCache* own_cache() noexcept {
  static const DWORD slot = FlsAlloc(end_cache);
  if (void* cache = FlsGetValue(slot)) return static_cast<BlockCache*>(cache);
  auto* cache = new (std::nothrow) BlockCache;
  if (FlsSetValue(slot, cache)) return cache;
  delete cache;
  return nullptr;
}

#else

thread_local BlockCache cache;
BlockCache* own_cache() noexcept { return &cache; }

#endif

}  // namespace

void* scratch_acquire(size_t bytes, size_t* capacity) {
  const size_t rounded = (bytes + kCacheLine) / kCacheLine * kCacheLine;
  BlockCache* cache = own_cache();
  const Block kept = cache ? cache->take(rounded) : Block{};
  *capacity = kept.data ? kept.capacity : rounded;
  return kept.data ? kept.data : allocate(rounded);
}

void scratch_release(void* block, size_t capacity) noexcept {
  BlockCache* cache = own_cache();
  deallocate(cache ? cache->keep({block, capacity}).data : block);
}

}  // namespace evenkeel
