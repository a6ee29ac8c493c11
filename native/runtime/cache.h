// Compares the size of a call with the last-level cache of the machine ("the cache" below).
#pragma once

#include <cstddef>

#include "base/storage.h"

namespace evenkeel {

// Whether most of `bytes` bytes of operands and results are in memory, not in the cache.
bool works_from_memory(size_t bytes) noexcept;

// The stores of a map over `bytes` bytes. Non-temporal stores do not read a cache line before they overwrite it, which
// saves a third of what a map moves. They never pay in place, because the line is already in the cache.
Stores stores_for(size_t bytes, bool in_place) noexcept;

// Whether a pass over `bytes` bytes evicts what it read first before it reads that again.
bool exceeds_cache(size_t bytes) noexcept;

// The most bytes that a tile reads, unless a single slot is larger.
size_t tile_bytes() noexcept;

// The size of the largest cache that Linux describes in this directory, in bytes. 0 if it describes none.
size_t largest_cache(const char* directory) noexcept;

// Sets the size that is assumed for the cache. Tests set a small one, so that small cases take the code paths of large
// data. 0 restores the size of this machine.
void set_cache_bytes(size_t bytes) noexcept;

}  // namespace evenkeel
