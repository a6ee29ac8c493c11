#include "runtime/openmp.h"

// Only with GCC on Linux, whose calls into OpenMP's library are forwarded below. Without -fopenmp there are none.
#if defined(_OPENMP) && defined(__linux__) && !defined(__clang__)
#define EVENKEEL_OPENMP
#endif

#if defined(EVENKEEL_OPENMP)

#include <dlfcn.h>
#include <omp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <exception>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "runtime/signals.h"

#if defined(EVENKEEL_LIBGOMP_INSIDE)

// The functions that libgomp calls when it is loaded (scripts/prebuild/libgomp.mjs).
using Constructor = void (*)();
extern "C" const Constructor __start_evenkeel_libgomp[];
extern "C" const Constructor __stop_evenkeel_libgomp[];

#else

// The library is loaded at the first use, and not with the addon: who does not use it need not have it.
namespace {
decltype(&omp_get_thread_num) thread_number;
decltype(&omp_get_max_threads) most_threads;
void (*parallel)(void (*body)(void*), void* data, unsigned threads, unsigned flags);
}  // namespace

// GCC turns `#pragma omp parallel` into a call of GOMP_parallel.
extern "C" {
void GOMP_parallel(void (*body)(void*), void* data, unsigned threads, unsigned flags) {
  parallel(body, data, threads, flags);
}
int omp_get_thread_num() noexcept { return thread_number(); }
int omp_get_max_threads() noexcept { return most_threads(); }
}

#endif

namespace evenkeel {

namespace {

#if defined(EVENKEEL_LIBGOMP_INSIDE)

Openmp load_here() noexcept {
  for (const Constructor* each = __start_evenkeel_libgomp; each < __stop_evenkeel_libgomp; ++each) (*each)();
  return {"libgomp, in the addon", nullptr, nullptr, omp_get_max_threads()};
}

#else

template <typename Function>
bool find(void* library, const char* name, Function* function) noexcept {
  *function = reinterpret_cast<Function>(dlsym(library, name));
  return *function != nullptr;
}

Openmp load_here() {
  static constexpr char kLibrary[] = "libgomp.so.1";
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  const bool found = library && find(library, "omp_get_thread_num", &thread_number) &&
                     find(library, "omp_get_max_threads", &most_threads) && find(library, "GOMP_parallel", &parallel);
  if (found) return {kLibrary, nullptr, nullptr, omp_get_max_threads()};
  static const std::string why = dlerror();
  return {nullptr, why.c_str(), "install it (apt-get install libgomp1, dnf install libgomp, apk add libgomp)", 0};
}

#endif

// Loads the library on a thread of its own. If OMP_PROC_BIND is set, libgomp binds the thread that loads it to one
// place. On Node's main thread this would hold for every thread that Node starts later.
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

// How many of `count` threads the system starts beside those that there are: starts them, and waits until they are
// gone.
size_t startable(size_t count) noexcept {
  std::unique_ptr<std::atomic<long>[]> ids;
  std::vector<std::thread> started;
  std::mutex gate;
  try {
    ids.reset(new std::atomic<long>[count]);
    started.reserve(count);
    const SignalsBlocked blocked;
    // No thread ends before all have started.
    const std::lock_guard<std::mutex> closed(gate);
    while (started.size() < count) {
      std::atomic<long>& id = ids[started.size()];
      started.emplace_back([&gate, &id] {
        id = syscall(SYS_gettid);
        const std::lock_guard<std::mutex> opened(gate);
      });
    }
  } catch (const std::exception&) {
    // This is the answer: there is no room for more.
  }
  for (std::thread& each : started) each.join();
  // The kernel counts a thread that was joined until it has given its number back.
  for (size_t i = 0; i < started.size(); ++i) {
    while (syscall(SYS_tgkill, getpid(), ids[i].load(), 0) == 0) std::this_thread::yield();
  }
  return started.size();
}

// The threads of one parallel region, which one thread of ours opens. They stay in the region between calls and sleep
// there: outside of it they would spin, as libgomp has it, and Node's threads would each get threads of their own.
class OpenmpTeam final : public Workers {
 public:
  // The owner is thread 0 of the region and worker 1 of a job. Worker 0 is the caller.
  void serve_in_region(int thread) { serve(static_cast<size_t>(thread) + 1); }
  int open_region() noexcept {
    region_.store(size_.load());
    return static_cast<int>(region_.load());
  }

 private:
  bool stays(size_t) const noexcept override { return region_.load() == size_.load(); }

  // libgomp ends the process if it cannot start a thread. So there must be room for all threads of the larger region,
  // and for some more, in case others start threads meanwhile.
  size_t grow(size_t wanted) noexcept override;

  // Only the caller whose job the team runs writes it.
  size_t most_ = kMostWorkers - 1;
  // The threads that the region is to have. If it has fewer, its threads leave it, and the owner opens a larger one.
  std::atomic<size_t> size_{0};
  std::atomic<size_t> region_{0};
};

OpenmpTeam* team = nullptr;

// The region shares no variable with its threads. ThreadSanitizer does not see how libgomp hands them over.
void own_regions() {
  for (;;) {
    const int threads = team->open_region();
#pragma omp parallel num_threads(threads)
    team->serve_in_region(omp_get_thread_num());
  }
}

size_t OpenmpTeam::grow(size_t wanted) noexcept {
  const size_t size = size_.load();
  if (wanted <= size || size == most_) return size;
  if (wanted > most_) wanted = most_;
  const size_t room = startable(wanted + kLeftToOthers);
  if (room < wanted + kLeftToOthers) {
    most_ = room > size + kLeftToOthers ? room - kLeftToOthers : size;
    wanted = most_;
    if (wanted == size) return size;
  }
  size_.store(wanted);
  if (size > 0) {
    for (size_t worker = 1; worker <= size; ++worker) wake(worker);
    return wanted;
  }
  try {
    const SignalsBlocked blocked;
    std::thread(own_regions).detach();
  } catch (const std::exception&) {
    size_.store(0);
  }
  return size_.load();
}

}  // namespace

const Openmp& openmp() noexcept {
  static const Openmp known = load();
  return known;
}

bool run_on_openmp(size_t parts, size_t workers, PartBody body, const void* context) noexcept {
  if (!openmp().provider) return false;
  try {
    // Never destroyed (workers.h). If there is no memory for it now, the next call tries again.
    static OpenmpTeam& made = *(team = new OpenmpTeam);
    return made.run(parts, workers, body, context);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace evenkeel

#else

namespace evenkeel {

const Openmp& openmp() noexcept {
#if defined(__linux__)
  static constexpr Openmp kNone{nullptr, "this binary was compiled without OpenMP",
                                "compile one with GCC (CXX=g++ npx evenkeel build)", 0};
#else
  static constexpr Openmp kNone{nullptr, "evenkeel has OpenMP on Linux only", "run it there", 0};
#endif
  return kNone;
}

bool run_on_openmp(size_t, size_t, PartBody, const void*) noexcept { return false; }

}  // namespace evenkeel

#endif
