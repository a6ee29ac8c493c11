// The workers of one job at a time: the caller, and threads that an engine starts (thread_pool.cc, openmp.cc). They
// take the parts of a job one by one. A thread that wakes late finds fewer parts left, so it never holds up a call.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "base/arithmetic.h"

namespace evenkeel {

// Runs part `part` of a job. Worker 0 is the caller. Each part runs once. A worker runs one part at a time.
using PartBody = void (*)(const void* context, size_t part, size_t worker);

// The caller included. setThreads() allows no more.
constexpr size_t kMostWorkers = 1024;

// If the system has no room for more threads, this many stay free. libuv aborts the process if one of the four threads
// of its pool cannot start.
constexpr size_t kLeftToOthers = 8;

class Workers {
 public:
  // Runs the parts [0, parts) on the caller and on up to `workers` - 1 threads. Returns true when all have run. Returns
  // false, and runs nothing, if the workers are busy with another caller's job.
  bool run(size_t parts, size_t workers, PartBody body, const void* context) noexcept;

 protected:
  Workers() = default;
  // Workers are never destroyed: their threads may still sleep in them while the process ends.
  ~Workers() = default;

  // Starts threads until `wanted` serve, or as many as the system has room for. Returns how many there are. Only the
  // caller whose job the workers run calls it.
  virtual size_t grow(size_t wanted) noexcept = 0;
  // Whether thread `worker` goes on. It has to end, or to leave, as soon as this is false.
  virtual bool stays(size_t worker) const noexcept = 0;

  // What a thread does: takes parts, looks for more for a while, sleeps. Returns when the thread does not stay.
  void serve(size_t worker);
  // Wakes a thread that sleeps, so that it looks for work, and whether it stays.
  void wake(size_t worker) noexcept;

 private:
  // Where a worker sleeps.
  struct Sleeper {
    std::mutex mutex;
    std::condition_variable woken;
    std::atomic<bool> asleep{false};
  };

  void work(size_t worker) noexcept;
  bool has_work(size_t worker) const noexcept;
  bool finds_work(size_t worker) const noexcept;
  void sleep(size_t worker);

  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  alignas(kCacheLine) std::atomic<uint64_t> ticket_{0};
  alignas(kCacheLine) std::atomic<size_t> done_{0};
  PartBody body_ = nullptr;
  const void* context_ = nullptr;
  size_t parts_ = 0;
  Sleeper sleepers_[kMostWorkers];
};

}  // namespace evenkeel
