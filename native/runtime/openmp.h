// OpenMP's threads, as a second engine beside the thread pool (docs/decisions/0022).
#pragma once

#include "runtime/workers.h"

namespace evenkeel {

// Runs the parts [0, parts) on the caller and on up to `workers` - 1 threads of OpenMP. Returns true when all have run.
// Returns false, and runs nothing, if the threads are busy with another caller's job, if there is no memory for them,
// or without OpenMP.
bool run_on_openmp(size_t parts, size_t workers, PartBody body, const void* context) noexcept;

}  // namespace evenkeel
