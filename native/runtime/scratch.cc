#include "runtime/scratch.h"

#include <array>
#include <new>

#include "base/arithmetic.h"

#if defined(_WIN32)
#include <windows.h>
#endif

namespace evenkeel {

namespace {

// A call takes at most about ten temporaries; more blocks than that are not worth keeping.
constexpr size_t kKeptBlocks = 12;
// What a thread keeps between calls, at most. Larger temporaries than this pay for their pages each time.
constexpr size_t kKeptBytes = size_t{64} << 20;

struct Block {
  void* data = nullptr;
  size_t capacity = 0;
};

void* allocate(size_t bytes) { return ::operator new(bytes, std::align_val_t{kCacheLine}); }
void deallocate(void* data) noexcept { ::operator delete(data, std::align_val_t{kCacheLine}); }

class Pool {
 public:
  ~Pool() {
    for (Block& block : blocks_) deallocate(block.data);
  }

  // The smallest kept block that is large enough; without data where there is none.
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

  // What is not kept, of the given block and the kept ones: the smallest gives way, so that blocks of small calls do
  // not fill the pool for good.
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

// Not thread_local: at a thread's end MinGW frees its storage before it calls ~Pool (GCC's bug 80816).
void WINAPI end_pool(void* pool) { delete static_cast<Pool*>(pool); }

// Null where the system has none to give: then nothing is kept.
Pool* own_pool() noexcept {
  static const DWORD slot = FlsAlloc(end_pool);
  if (void* pool = FlsGetValue(slot)) return static_cast<Pool*>(pool);
  auto* pool = new (std::nothrow) Pool;
  if (FlsSetValue(slot, pool)) return pool;
  delete pool;
  return nullptr;
}

#else

thread_local Pool pool;
Pool* own_pool() noexcept { return &pool; }

#endif

}  // namespace

void* scratch_acquire(size_t bytes, size_t* capacity) {
  const size_t rounded = (bytes + kCacheLine) / kCacheLine * kCacheLine;
  Pool* pool = own_pool();
  const Block kept = pool ? pool->take(rounded) : Block{};
  *capacity = kept.data ? kept.capacity : rounded;
  return kept.data ? kept.data : allocate(rounded);
}

void scratch_release(void* block, size_t capacity) noexcept {
  Pool* pool = own_pool();
  deallocate(pool ? pool->keep({block, capacity}).data : block);
}

}  // namespace evenkeel
