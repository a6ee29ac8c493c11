// The machine's limit: what only moves the bytes. A norm that takes no longer than a copy of its data has nothing left
// to gain. Used by kernel_bench and by the addon of bench/speed.
#pragma once

#include <cstddef>

namespace evenkeel {
namespace bench {

enum class CopyKind {
  library,             // memcpy, which chooses for itself
  plain,               // vector loads and stores
  store_non_temporal,  // vector loads, non-temporal stores
};
constexpr CopyKind kCopyKinds[] = {CopyKind::library, CopyKind::plain, CopyKind::store_non_temporal};

const char* name_of(CopyKind kind);

// to[i] = a[i], what a forward pass must move; or a[i] + b[i] where b is given, what a backward pass must.
struct Traffic {
  const float* a;
  const float* b;
  float* to;
  size_t length;
};

// False where this machine or this traffic has no such copy.
bool can_copy(CopyKind kind, const Traffic& traffic);

// Nanoseconds per pass over all of it, of `passes` passes by `threads` threads. The threads live for this call only and
// wait for each other, spinning, after each pass.
double time_copy(CopyKind kind, const Traffic& traffic, int threads, size_t passes);

// The bare traffic of a norm that has `chunk` elements to a statistic, without its arithmetic: each chunk is read, then
// copied with non-temporal stores, by one thread. Where chunks fit the cache, the copy finds them there, and the copies
// above are the limit; where they do not, memory is read twice.
void read_and_stream(const Traffic& traffic, size_t chunk);
bool can_read_and_stream();

}  // namespace bench
}  // namespace evenkeel
