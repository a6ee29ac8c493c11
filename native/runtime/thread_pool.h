// The one thread pool of the process.
#pragma once

#include "runtime/workers.h"

namespace evenkeel {

// Runs the parts [0, parts) on the caller and on up to `workers` - 1 threads of the pool. Returns true when all have
// run. Returns false, and runs nothing, if the pool is busy with another caller's job or if there is no memory for the
// pool.
bool run_on_pool(size_t parts, size_t workers, PartBody body, const void* context) noexcept;

}  // namespace evenkeel
