#include "runtime/parallel.h"

#include <atomic>

#include "runtime/float_environment.h"

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace evenkeel {

namespace {

// Below this many bytes a worker's share is done before a sleeping thread wakes (tens of microseconds).
constexpr size_t kBytesPerWorker = size_t{256} << 10;

// 0: nobody has said yet; one thread then.
std::atomic<int> threads{0};
std::atomic<size_t> bytes_per_worker{kBytesPerWorker};

// One team in the process: a call that finds it busy (from a worker thread) runs inline rather than starting another.
std::atomic_flag team_busy = ATOMIC_FLAG_INIT;

void run_range(size_t tasks, size_t workers, size_t worker, TaskBody body, const void* context) noexcept {
  const FloatEnvironment plain;
  const size_t begin = tasks * worker / workers;
  const size_t end = tasks * (worker + 1) / workers;
  if (begin < end) body(context, begin, end, worker);
}

}  // namespace

int thread_count() noexcept { return threads.load(std::memory_order_relaxed); }

void set_thread_count(int count) noexcept { threads.store(count, std::memory_order_relaxed); }

void set_bytes_per_worker(size_t bytes) noexcept {
  bytes_per_worker.store(bytes > 0 ? bytes : 1, std::memory_order_relaxed);
}

size_t workers_for(size_t tasks, size_t bytes) noexcept {
  const size_t worth = bytes / bytes_per_worker.load(std::memory_order_relaxed);
  size_t workers = static_cast<size_t>(thread_count());
  if (workers > tasks) workers = tasks;
  if (workers > worth) workers = worth;
  return workers > 1 ? workers : 1;
}

void run_tasks(size_t tasks, size_t workers, TaskBody body, const void* context) noexcept {
  if (tasks == 0) return;
#if defined(_OPENMP)
  if (workers > 1 && !team_busy.test_and_set(std::memory_order_acquire)) {
    // More threads than workers may not come, fewer may: each takes every workers-th range, and none is left out.
#pragma omp parallel num_threads(static_cast <int>(workers))
    {
      const size_t team = static_cast<size_t>(omp_get_num_threads());
      for (size_t worker = static_cast<size_t>(omp_get_thread_num()); worker < workers; worker += team) {
        run_range(tasks, workers, worker, body, context);
      }
    }
    team_busy.clear(std::memory_order_release);
    return;
  }
#endif
  for (size_t worker = 0; worker < workers; ++worker) run_range(tasks, workers, worker, body, context);
}

}  // namespace evenkeel
