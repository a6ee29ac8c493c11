// OpenMP's threads, as a second engine beside the thread pool (docs/decisions/0022).
#pragma once

#include "runtime/workers.h"

namespace evenkeel {

struct Openmp {
  // What provides OpenMP, as in "libgomp.so.1". Null if nothing does.
  const char* provider;
  // Why nothing does, and what would change that.
  const char* fault;
  const char* remedy;
  // The number of threads that OpenMP's environment variables ask for (OMP_NUM_THREADS), or of this machine's CPUs.
  int threads;
};

// The OpenMP of this process. The first call loads it.
const Openmp& openmp() noexcept;

// Runs the parts [0, parts) on the caller and on up to `workers` - 1 threads of OpenMP. Returns true when all have run.
// Returns false, and runs nothing, if the threads are busy with another caller's job, if the system refuses to start
// one, or without OpenMP.
bool run_on_openmp(size_t parts, size_t workers, PartBody body, const void* context) noexcept;

}  // namespace evenkeel
