// How a call's size stands to the last cache of the machine.
#pragma once

#include <cstddef>

namespace evenkeel {

// Whether a map over `bytes` of operands and results finds most of them in memory.
bool works_from_memory(size_t bytes) noexcept;

// Whether it writes its results with non-temporal stores: then no line is read before it is overwritten, which is a
// third of what a map moves. In place it never pays: the line is there.
bool pays_non_temporal(size_t bytes, bool in_place) noexcept;

// Whether what a pass over `bytes` reads first is out of the cache before it is read again.
bool exceeds_cache(size_t bytes) noexcept;

// What a tile reads at most, unless one slot is more.
size_t tile_bytes() noexcept;

// The largest of the caches that Linux describes in such a directory, in bytes; 0 where it describes none.
size_t largest_cache(const char* directory) noexcept;

// Takes the last cache for this large; tests do, so that small cases go the ways of large ones. 0 asks the machine
// again.
void set_cache_bytes(size_t bytes) noexcept;

}  // namespace evenkeel
