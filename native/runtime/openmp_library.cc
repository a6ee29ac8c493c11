#include "runtime/openmp_library.h"

#if defined(EVENKEEL_OPENMP)

#include <dlfcn.h>

#include <exception>
#include <string>
#include <thread>

#include "runtime/signals.h"

// The library is loaded at the first use, and not with the addon: who does not use it need not have it. Here are the
// functions that the compiler calls for `#pragma omp parallel num_threads(n)`, and those that we call.
namespace {

struct Library {
  decltype(&omp_get_thread_num) thread_number;
  decltype(&omp_get_max_threads) most_threads;
#if defined(__clang__)
  using Body = void (*)(int* thread, int* bound, ...);
  void (*parallel)(void* place, int variables, Body body, ...);
  int (*caller)(void* place);
  void (*set_threads)(void* place, int caller, int threads);
#else
  using Body = void (*)(void* variables);
  void (*parallel)(Body body, void* variables, unsigned threads, unsigned flags);
#endif
};

Library library;

}  // namespace

extern "C" {
int omp_get_thread_num() noexcept { return library.thread_number(); }
int omp_get_max_threads() noexcept { return library.most_threads(); }

#if defined(__clang__)
// Regions here pass no variables to their threads.
void __kmpc_fork_call(void* place, int, Library::Body body, ...) { library.parallel(place, 0, body); }
int __kmpc_global_thread_num(void* place) { return library.caller(place); }
void __kmpc_push_num_threads(void* place, int caller, int threads) { library.set_threads(place, caller, threads); }
#else
void GOMP_parallel(Library::Body body, void* variables, unsigned threads, unsigned flags) {
  library.parallel(body, variables, threads, flags);
}
#endif
}

namespace evenkeel {

namespace {

template <typename Function>
bool find(void* loaded, const char* name, Function* function) noexcept {
  *function = reinterpret_cast<Function>(dlsym(loaded, name));
  return *function != nullptr;
}

bool find_all(void* loaded) noexcept {
  const bool ours = find(loaded, "omp_get_thread_num", &library.thread_number) &&
                    find(loaded, "omp_get_max_threads", &library.most_threads);
#if defined(__clang__)
  return ours && find(loaded, "__kmpc_fork_call", &library.parallel) &&
         find(loaded, "__kmpc_global_thread_num", &library.caller) &&
         find(loaded, "__kmpc_push_num_threads", &library.set_threads);
#else
  return ours && find(loaded, "GOMP_parallel", &library.parallel);
#endif
}

Openmp load_here() {
#if defined(__clang__)
  static constexpr char kName[] = "libomp.so.5";
  constexpr const char* kRemedy = "install it (apt-get install libomp5)";
#else
  static constexpr char kName[] = "libgomp.so.1";
  constexpr const char* kRemedy = "install it (apt-get install libgomp1, dnf install libgomp, apk add libgomp)";
#endif
  void* loaded = dlopen(kName, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (loaded && find_all(loaded)) return {kName, nullptr, nullptr, omp_get_max_threads()};
  static const std::string why = dlerror();
  return {nullptr, why.c_str(), kRemedy, 0};
}

// Loads the library on a thread of its own. If OMP_PROC_BIND is set, the thread that loads it is bound to a place. On
// Node's main thread this would hold for every thread that Node starts later.
Openmp load() noexcept {
  Openmp found{};
  try {
    const SignalsBlocked blocked;
    std::thread([&found] { found = load_here(); }).join();
  } catch (const std::exception&) {
    found = {nullptr, "the system refuses to start a thread", "raise the limit of this process (ulimit -u)", 0};
  }
  return found;
}

}  // namespace

const Openmp& openmp() noexcept {
  static const Openmp known = load();
  return known;
}

}  // namespace evenkeel

#else

namespace evenkeel {

const Openmp& openmp() noexcept {
#if defined(__linux__)
  static constexpr Openmp kNone{nullptr, "this binary was compiled without OpenMP",
                                "build one with a compiler that has -fopenmp, as GCC has (npx evenkeel build)", 0};
#else
  static constexpr Openmp kNone{nullptr, "evenkeel has OpenMP on Linux only", "run it there", 0};
#endif
  return kNone;
}

}  // namespace evenkeel

#endif
