// The library that OpenMP is in: GCC's libgomp or LLVM's libomp, whichever the compiler of this binary calls.
#pragma once

// Without -fopenmp the pragmas are ignored. On other systems nothing was tried.
#if defined(_OPENMP) && defined(__linux__)
#define EVENKEEL_OPENMP
#endif

// They take and return no type of omp.h, which Clang does not always bring.
extern "C" {
int omp_get_thread_num() noexcept;
int omp_get_max_threads() noexcept;
}

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

// The OpenMP of this process. The first call loads the library.
const Openmp& openmp() noexcept;

}  // namespace evenkeel
