#include "runtime/parallel.h"

#include <atomic>

#include "base/float_environment.h"
#include "runtime/openmp.h"
#include "runtime/thread_pool.h"

namespace evenkeel {

namespace {

// A worker's share of a call, at least. A smaller share is done before a sleeping thread wakes (tens of microseconds).
constexpr size_t kBytesPerWorker = size_t{256} << 10;

// Parts of a job for each worker. If a thread wakes late or is held up, the others take more of the parts.
constexpr size_t kPartsPerWorker = 8;

// 0 means that set_thread_count() was not called yet. Calls then use one thread.
std::atomic<int> threads{0};
std::atomic<Threading> engine{Threading::pool};
std::atomic<size_t> bytes_per_worker{kBytesPerWorker};

struct Job {
  size_t tasks;
  size_t parts;
  TaskBody body;
  const void* context;

  void run(size_t part, size_t worker) const noexcept {
    const FloatEnvironment plain;
    const size_t begin = tasks * part / parts;
    const size_t end = tasks * (part + 1) / parts;
    if (begin < end) body(context, begin, end, worker);
  }
};

}  // namespace

int thread_count() noexcept { return threads.load(std::memory_order_relaxed); }

void set_thread_count(int count) noexcept { threads.store(count, std::memory_order_relaxed); }

Threading threading() noexcept { return engine.load(std::memory_order_relaxed); }

void set_threading(Threading chosen) noexcept { engine.store(chosen, std::memory_order_relaxed); }

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
  const size_t most = workers * kPartsPerWorker;
  const Job job{tasks, tasks < most ? tasks : most, body, context};
  const auto run_part = [](const void* of, size_t part, size_t worker) {
    static_cast<const Job*>(of)->run(part, worker);
  };
  const auto run_on_threads = threading() == Threading::openmp ? run_on_openmp : run_on_pool;
  if (workers > 1 && run_on_threads(job.parts, workers, run_part, &job)) return;
  // The caller runs all tasks as one part.
  Job{tasks, 1, body, context}.run(0, 0);
}

}  // namespace evenkeel
