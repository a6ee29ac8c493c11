// The one thread pool of the process. Its threads take the parts of a job one by one. A thread that wakes late finds
// fewer parts left, so it never holds up a call.
#pragma once

#include <cstddef>

namespace evenkeel {

// Runs part `part` of a job. Worker 0 is the caller. Each part runs once. A worker runs one part at a time.
using PartBody = void (*)(const void* context, size_t part, size_t worker);

// Runs the parts [0, parts) on the caller and on up to `workers` - 1 threads of the pool. Returns true when all have
// run. Returns false, and runs nothing, if the pool is busy with another caller's job or if there is no memory for the
// pool.
bool run_on_pool(size_t parts, size_t workers, PartBody body, const void* context) noexcept;

}  // namespace evenkeel
