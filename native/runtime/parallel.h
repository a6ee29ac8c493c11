// The threading policy. Which thread runs a task never changes what the task computes.
#pragma once

#include <cstddef>

namespace evenkeel {

// The number of threads of the process. It is 0 before the first set_thread_count(); calls then use one thread.
int thread_count() noexcept;
void set_thread_count(int threads) noexcept;

// Which threads run a call: those of the thread pool, or OpenMP's (openmp.h says whether there are any).
enum class Threading { pool, openmp };
Threading threading() noexcept;
void set_threading(Threading) noexcept;

// The least number of bytes that a worker's share of a call must move. Tests lower it, so that small cases use several
// threads.
void set_bytes_per_worker(size_t bytes) noexcept;

// The number of workers for a call of `tasks` tasks that moves `bytes` bytes. The `worker` that a body gets is below
// it.
size_t workers_for(size_t tasks, size_t bytes) noexcept;

// With fewer tasks per worker, some workers are idle at the end, because a task is not split.
constexpr size_t kTasksPerWorker = 4;

// Whether `tasks` tasks keep the workers busy.
inline bool keeps_busy(size_t tasks, size_t workers) noexcept {
  return workers == 1 || tasks >= kTasksPerWorker * workers;
}

using TaskBody = void (*)(const void* context, size_t begin, size_t end, size_t worker);

// Runs body over the tasks [0, tasks), each once. If `workers` is above 1 and the threads are free, they run the tasks
// in contiguous ranges, and a worker gets one range after another. Otherwise the caller runs them all.
void run_tasks(size_t tasks, size_t workers, TaskBody body, const void* context) noexcept;

// Calls body(begin, end, worker) for ranges that together are [0, tasks).
template <typename Body>
void parallel_ranges(size_t tasks, size_t workers, const Body& body) noexcept {
  const TaskBody call = [](const void* context, size_t begin, size_t end, size_t worker) {
    (*static_cast<const Body*>(context))(begin, end, worker);
  };
  run_tasks(tasks, workers, call, &body);
}

// Calls body(task) for each task. `bytes` is what all tasks together move.
template <typename Body>
void parallel_for(size_t tasks, size_t bytes, const Body& body) noexcept {
  const auto range = [&body](size_t begin, size_t end, size_t) {
    for (size_t task = begin; task < end; ++task) body(task);
  };
  parallel_ranges(tasks, workers_for(tasks, bytes), range);
}

}  // namespace evenkeel
