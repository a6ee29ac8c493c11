#include "runtime/openmp.h"

#include "runtime/openmp_library.h"

#if defined(EVENKEEL_OPENMP)

#include <sys/syscall.h>
#include <unistd.h>

#include <exception>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "runtime/signals.h"

namespace evenkeel {

namespace {

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

// The threads of one parallel region, which one thread of ours opens. They stay in the region between calls, and sleep
// there. After a region, OpenMP's threads spin. And if Node's threads opened regions, each would get threads of its
// own.
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

// The region shares no variable with its threads: ThreadSanitizer does not see how OpenMP's library passes them on, and
// would report a race.
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

bool run_on_openmp(size_t, size_t, PartBody, const void*) noexcept { return false; }

}  // namespace evenkeel

#endif
