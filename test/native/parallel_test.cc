#include "runtime/parallel.h"

#include <atomic>
#include <cfenv>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "base/float_environment.h"
#include "check.h"
#include "runtime/openmp_library.h"

#if defined(__linux__)
#include <sys/wait.h>
#include <unistd.h>
#endif

using namespace evenkeel;

namespace {

// Runs the body of a test on the threads of one engine.
void run_on(Threading engine, void (*body)()) {
  set_threading(engine);
  body();
  set_threading(Threading::pool);
}

// Sets threads and bytes per worker for a test, and puts the defaults back.
struct Policy {
  explicit Policy(int threads) {
    set_thread_count(threads);
    set_bytes_per_worker(1);
  }
  ~Policy() {
    set_thread_count(1);
    set_bytes_per_worker(size_t{256} << 10);
  }
};

// How often each task ran, and by how many threads.
struct Census {
  explicit Census(size_t tasks) : runs(new std::atomic<int>[tasks]), tasks(tasks) {
    for (size_t i = 0; i < tasks; ++i) runs[i] = 0;
  }
  void count(size_t task) {
    ++runs[task];
    const std::lock_guard<std::mutex> lock(mutex);
    threads.insert(std::this_thread::get_id());
  }
  bool each_once() const {
    for (size_t i = 0; i < tasks; ++i) {
      if (runs[i] != 1) return false;
    }
    return true;
  }
  std::unique_ptr<std::atomic<int>[]> runs;
  size_t tasks;
  std::mutex mutex;
  std::set<std::thread::id> threads;
};

// What another addon may have left on this thread; restores what was there.
class Disturbed {
 public:
  Disturbed() : before_(read()) {
    std::fesetround(FE_UPWARD);
    write(read() | kFlush);
    disturbed_ = read();
  }
  ~Disturbed() { write(before_); }
  bool still() const { return read() == disturbed_; }

 private:
#if defined(__SSE2__)
  // FTZ and DAZ.
  static constexpr uint32_t kFlush = 0x8040;
  static uint32_t read() { return _mm_getcsr() & ~0x3fu; }
  static void write(uint32_t state) { _mm_setcsr(state); }
  uint32_t before_, disturbed_;
#else
  // FZ.
  static constexpr uint64_t kFlush = uint64_t{1} << 24;
  static uint64_t read() {
    uint64_t state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    return state;
  }
  static void write(uint64_t state) { __asm__ volatile("msr fpcr, %0" : : "r"(state)); }
  uint64_t before_, disturbed_;
#endif
};

// Whether subnormal numbers are computed with, and results are rounded to nearest.
bool computes_by_ieee() {
  volatile float smallest = 1e-40f;
  volatile float half = smallest * 0.5f;
  volatile double one = 1, tiny = 0x1p-60;
  volatile double rounded = one + tiny;
  return half > 0 && smallest > half && rounded == 1;
}

}  // namespace

// Defines a test that runs on the thread pool, and on OpenMP in a build that has it.
#if defined(EVENKEEL_HAS_OPENMP)
#define TEST_EACH(name)                                     \
  static void name();                                       \
  TEST(name##__pool) { run_on(Threading::pool, name); }     \
  TEST(name##__openmp) { run_on(Threading::openmp, name); } \
  static void name()
#else
#define TEST_EACH(name) TEST(name)
#endif

#if defined(EVENKEEL_HAS_OPENMP)
TEST(openmp_is_there) {
  CHECK(openmp().provider, "fault", openmp().fault ? openmp().fault : "none");
  CHECK(openmp().threads > 0);
}
#endif

TEST_EACH(each_task_runs_once) {
  for (int threads : {1, 2, 3, 7, 16}) {
    const Policy policy(threads);
    for (size_t tasks : {0, 1, 2, 3, 5, 6, 7, 8, 13, 100, 1001}) {
      Census census(tasks);
      parallel_for(tasks, 1 << 20, [&](size_t task) { census.count(task); });
      CHECK(census.each_once(), "threads", threads, "tasks", tasks);
    }
  }
}

TEST_EACH(ranges_are_whole_and_workers_below_their_number) {
  const Policy policy(7);
  for (size_t workers : {1, 2, 3, 7, 9}) {
    Census census(50);
    std::atomic<size_t> wrong{0};
    parallel_ranges(50, workers, [&](size_t begin, size_t end, size_t worker) {
      if (begin >= end || worker >= workers) ++wrong;
      for (size_t task = begin; task < end; ++task) census.count(task);
    });
    CHECK(census.each_once() && wrong == 0, "workers", workers);
  }
}

TEST_EACH(a_worker_runs_one_range_at_a_time) {
  constexpr size_t kWorkers = 3;
  const Policy policy(kWorkers);
  std::atomic<int> running[kWorkers] = {};
  std::atomic<int> most{1};
  for (int call = 0; call < 100; ++call) {
    parallel_ranges(60, kWorkers, [&](size_t, size_t, size_t worker) {
      const int now = ++running[worker];
      if (now > most) most = now;
      --running[worker];
    });
  }
  CHECK(most == 1);
}

TEST(a_call_gets_no_more_workers_than_it_is_worth) {
  set_thread_count(4);
  CHECK(workers_for(100, 0) == 1);
  CHECK(workers_for(100, (size_t{512} << 10) - 1) == 1);
  CHECK(workers_for(100, size_t{512} << 10) == 2);
  CHECK(workers_for(100, size_t{100} << 20) == 4);
  CHECK(workers_for(3, size_t{100} << 20) == 3);
  CHECK(workers_for(0, size_t{100} << 20) == 1);
  set_bytes_per_worker(0);
  CHECK(workers_for(100, 3) == 3);
  set_bytes_per_worker(size_t{256} << 10);
  set_thread_count(1);
  CHECK(workers_for(100, size_t{100} << 20) == 1);
}

TEST_EACH(free_threads_run_beside_each_other) {
  for (int threads : {2, 3, 5}) {
    const Policy policy(threads);
    const size_t tasks = static_cast<size_t>(threads);
    Census census(tasks);
    std::atomic<int> arrived{0};
    // No task ends before all have begun: each is on a thread of its own.
    parallel_for(tasks, 1 << 20, [&](size_t task) {
      census.count(task);
      ++arrived;
      while (arrived < threads) std::this_thread::yield();
    });
    CHECK(census.threads.size() == tasks && census.each_once(), "threads", threads);
  }
}

TEST_EACH(threads_that_sleep_are_woken) {
  const Policy policy(2);
  for (int call = 0; call < 20; ++call) {
    // Longer than a thread looks out for work.
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    std::atomic<int> arrived{0};
    parallel_for(2, 1 << 20, [&](size_t) {
      ++arrived;
      while (arrived < 2) std::this_thread::yield();
    });
    CHECK(arrived == 2, "call", call);
  }
}

TEST_EACH(calls_one_after_another_do_not_mix) {
  const Policy policy(3);
  size_t wrong = 0;
  for (size_t call = 0; call < 5000; ++call) {
    std::atomic<size_t> sum{0};
    const size_t tasks = 1 + call % 7;
    parallel_for(tasks, 1 << 20, [&](size_t task) { sum += call * 8 + task; });
    if (sum != tasks * call * 8 + tasks * (tasks - 1) / 2) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_EACH(a_call_that_finds_the_threads_busy_runs_inline) {
  const Policy policy(3);
  std::atomic<bool> busy{false};
  std::atomic<bool> done{false};
  std::thread holder([&] {
    parallel_for(3, 1 << 20, [&](size_t) {
      busy = true;
      while (!done) std::this_thread::yield();
    });
  });
  while (!busy) std::this_thread::yield();
  Census census(20);
  parallel_for(20, 1 << 20, [&](size_t task) { census.count(task); });
  done = true;
  holder.join();
  CHECK(census.each_once());
  CHECK(census.threads.size() == 1 && census.threads.count(std::this_thread::get_id()) == 1);
}

TEST_EACH(a_task_may_call_again) {
  const Policy policy(3);
  Census census(12);
  parallel_for(3, 1 << 20,
               [&](size_t outer) { parallel_for(4, 1 << 20, [&](size_t inner) { census.count(4 * outer + inner); }); });
  CHECK(census.each_once());
}

TEST_EACH(many_callers_at_once) {
  const Policy policy(2);
  std::atomic<size_t> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      for (int call = 0; call < 50; ++call) {
        Census census(9);
        parallel_for(9, 1 << 20, [&](size_t task) { census.count(task); });
        if (!census.each_once()) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

// A child has the threads of its parent only on paper. Its calls run on the caller, with more threads and fewer.
#if defined(__linux__) && !defined(EVENKEEL_SANITIZED)
TEST_EACH(a_forked_child_computes_alone) {
  const Policy policy(3);
  parallel_for(3, 1 << 20, [](size_t) {});
  const pid_t child = fork();
  if (child == 0) {
    // A child that hangs ends by this signal.
    alarm(20);
    for (const size_t tasks : {2, 3, 7}) {
      set_thread_count(static_cast<int>(tasks));
      Census census(tasks);
      parallel_for(tasks, 1 << 20, [&](size_t task) { census.count(task); });
      if (!census.each_once()) _exit(1);
    }
    _exit(0);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0, "status", status);
}
#endif

TEST(the_floating_point_environment_is_cleared_and_restored) {
  const Disturbed disturbed;
  CHECK(!computes_by_ieee());
  {
    const FloatEnvironment plain;
    CHECK(computes_by_ieee());
  }
  CHECK(!computes_by_ieee() && disturbed.still());
}

TEST_EACH(workers_compute_by_ieee_whatever_the_caller_set) {
  for (int threads : {1, 3}) {
    const Policy policy(threads);
    const Disturbed disturbed;
    std::atomic<int> right{0};
    parallel_for(6, 1 << 20, [&](size_t) { right += computes_by_ieee() ? 1 : 0; });
    CHECK(right == 6, "threads", threads);
    CHECK(disturbed.still(), "threads", threads);
  }
}
