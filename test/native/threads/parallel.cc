// Replaces native/runtime/parallel.cc under ThreadSanitizer, which does not understand OpenMP's barriers: the same
// policy and ranges, but a thread of its own for each worker. What it proves: tasks that run together share nothing.
#include "runtime/parallel.h"

// The shipped file, its team aside; the header is already in, so that only the definition gets the other name.
#define run_tasks run_tasks_inline
#include "runtime/parallel.cc"
#undef run_tasks

#include <thread>
#include <vector>

namespace evenkeel {

void run_tasks(size_t tasks, size_t workers, TaskBody body, const void* context) noexcept {
  if (workers < 2 || team_busy.test_and_set(std::memory_order_acquire)) {
    run_tasks_inline(tasks, workers, body, context);
    return;
  }
  std::vector<std::thread> team;
  for (size_t worker = 1; worker < workers; ++worker) {
    team.emplace_back([=] { run_range(tasks, workers, worker, body, context); });
  }
  run_range(tasks, workers, 0, body, context);
  for (std::thread& thread : team) thread.join();
  team_busy.clear(std::memory_order_release);
}

}  // namespace evenkeel
