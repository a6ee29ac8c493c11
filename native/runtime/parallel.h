// The threading policy: who runs a task never changes what it computes.
#pragma once

#include <cstddef>

namespace evenkeel {

// Of the process; 0 before the first set_thread_count(), which means one.
int thread_count() noexcept;
void set_thread_count(int threads) noexcept;

// What a worker's share of a call must move at least; tests lower it, so that small cases reach the team.
void set_bytes_per_worker(size_t bytes) noexcept;

// How many workers a call over `bytes` bytes in `tasks` tasks may get: body's `worker` is below it.
size_t workers_for(size_t tasks, size_t bytes) noexcept;

// Of tasks that are not split, fewer per worker leave some idle at the end.
constexpr size_t kTasksPerWorker = 4;

// Whether so many tasks keep the workers busy.
inline bool keeps_busy(size_t tasks, size_t workers) noexcept {
  return workers == 1 || tasks >= kTasksPerWorker * workers;
}

using TaskBody = void (*)(const void* context, size_t begin, size_t end, size_t worker);

// Runs body over the tasks [0, tasks), each once: by the team in contiguous ranges where `workers` is above 1 and
// the team is free, by the caller otherwise. A worker gets one range after another.
void run_tasks(size_t tasks, size_t workers, TaskBody body, const void* context) noexcept;

// body(begin, end, worker) over ranges of [0, tasks).
template <typename Body>
void parallel_ranges(size_t tasks, size_t workers, const Body& body) noexcept {
  const TaskBody call = [](const void* context, size_t begin, size_t end, size_t worker) {
    (*static_cast<const Body*>(context))(begin, end, worker);
  };
  run_tasks(tasks, workers, call, &body);
}

// body(task) for each task; `bytes` is what all of them move.
template <typename Body>
void parallel_for(size_t tasks, size_t bytes, const Body& body) noexcept {
  const auto range = [&body](size_t begin, size_t end, size_t) {
    for (size_t task = begin; task < end; ++task) body(task);
  };
  parallel_ranges(tasks, workers_for(tasks, bytes), range);
}

}  // namespace evenkeel
