#include "runtime/thread_pool.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <thread>

#if defined(__unix__) || defined(__APPLE__)
#include <csignal>
#endif

#include "base/arithmetic.h"

namespace evenkeel {

namespace {

// A thread that has run out of work spins this long before it sleeps. The time suffices for the next layer's call. It
// is a thousandth of the time for which OpenMP's threads spin by default (docs/decisions/0011).
constexpr auto kLookout = std::chrono::microseconds(20);
// How often a spinning thread looks for work before it reads the clock.
constexpr int kLooks = 64;
// setThreads() allows fewer.
constexpr size_t kMostThreads = 1024;
// If the system refuses to start a thread, the pool ends this many of its own. They leave room for libuv's pool of four
// threads, because libuv aborts the process if one of those cannot start.
constexpr size_t kLeftToOthers = 8;

inline void pause_cpu() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) && !defined(_MSC_VER)
  __asm__ volatile("yield");
#else
  std::this_thread::yield();
#endif
}

// The ticket is what is left of a job. The low 32 bits count the parts that no worker has taken. The high 32 bits are
// the number of workers that may take them. Both are in one word, so that one atomic operation checks that the job
// still runs and takes a part.
constexpr uint64_t ticket_of(size_t parts, size_t workers) { return uint64_t{workers} << 32 | parts; }
constexpr size_t parts_left(uint64_t ticket) { return ticket & UINT32_MAX; }
constexpr size_t workers_of(uint64_t ticket) { return ticket >> 32; }

struct PoolThread {
  std::thread thread;
  std::mutex mutex;
  std::condition_variable woken;
  std::atomic<bool> asleep{false};
};

class ThreadPool {
 public:
  bool run(size_t parts, size_t workers, PartBody body, const void* context) noexcept {
    if (busy_.test_and_set(std::memory_order_acquire)) return false;
    grow(workers - 1);
    body_ = body;
    context_ = context;
    parts_ = parts;
    done_.store(0, std::memory_order_relaxed);
    ticket_.store(ticket_of(parts, workers));
    for (size_t i = 1; i < workers && i <= started_; ++i) wake(&threads_[i]);
    work(0);
    // All parts have been taken, by threads that are awake. A thread that took no part is not waited for.
    for (int look = 0; done_.load(std::memory_order_acquire) < parts; ++look) {
      if (look < kLooks * kLooks) {
        pause_cpu();
      } else {
        std::this_thread::yield();
      }
    }
    busy_.clear(std::memory_order_release);
    return true;
  }

 private:
  // Takes parts until none is left. A worker reads the job's fields only after it took a part. They stay valid until
  // that part is done.
  void work(size_t worker) noexcept {
    uint64_t ticket = ticket_.load(std::memory_order_acquire);
    while (parts_left(ticket) > 0 && worker < workers_of(ticket)) {
      if (!ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel)) continue;
      body_(context_, parts_ - parts_left(ticket), worker);
      done_.fetch_add(1, std::memory_order_acq_rel);
      ticket = ticket_.load(std::memory_order_acquire);
    }
  }

  bool has_work(size_t worker) const noexcept {
    const uint64_t ticket = ticket_.load();
    return parts_left(ticket) > 0 && worker < workers_of(ticket);
  }

  bool finds_work(size_t worker) const noexcept {
    const auto end = std::chrono::steady_clock::now() + kLookout;
    do {
      for (int look = 0; look < kLooks; ++look) {
        if (has_work(worker)) return true;
        pause_cpu();
      }
    } while (std::chrono::steady_clock::now() < end);
    return false;
  }

  // No wake-up is lost. `ticket_` and `asleep` are sequentially consistent: either the thread that goes to sleep sees
  // the new ticket, or the caller sees that the thread is asleep.
  void sleep(size_t worker) {
    PoolThread& own = threads_[worker];
    std::unique_lock<std::mutex> lock(own.mutex);
    own.asleep.store(true);
    while (!has_work(worker) && stays(worker)) own.woken.wait(lock);
    own.asleep.store(false);
  }

  static void wake(PoolThread* sleeper) noexcept {
    if (!sleeper->asleep.load()) return;
    const std::lock_guard<std::mutex> lock(sleeper->mutex);
    sleeper->woken.notify_one();
  }

  bool stays(size_t worker) const noexcept { return worker <= most_.load(); }

  void serve(size_t worker) {
    while (stays(worker)) {
      work(worker);
      if (!finds_work(worker)) sleep(worker);
    }
  }

  // Starts threads until there are `wanted`. If the system refuses to start one, the pool stays smaller for good. If
  // memory runs out, the pool is smaller for this call only.
  void grow(size_t wanted) noexcept {
    while (started_ < wanted && started_ < most_.load()) {
      try {
        start(started_ + 1);
      } catch (const std::bad_alloc&) {
        return;
      } catch (const std::exception&) {
        return shrink();
      }
      ++started_;
    }
  }

  void shrink() noexcept {
    const size_t stay = started_ > kLeftToOthers ? started_ - kLeftToOthers : 0;
    most_.store(stay);
    for (size_t worker = stay + 1; worker <= started_; ++worker) wake(&threads_[worker]);
    for (size_t worker = stay + 1; worker <= started_; ++worker) threads_[worker].thread.join();
    started_ = stay;
  }

  // The threads of the pool block all signals, so that the process's own threads handle them.
  void start(size_t worker) {
#if defined(__unix__) || defined(__APPLE__)
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      threads_[worker].thread = std::thread(&ThreadPool::serve, this, worker);
    } catch (...) {
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
#else
    threads_[worker].thread = std::thread(&ThreadPool::serve, this, worker);
#endif
  }

  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  alignas(kCacheLine) std::atomic<uint64_t> ticket_{0};
  alignas(kCacheLine) std::atomic<size_t> done_{0};
  PartBody body_ = nullptr;
  const void* context_ = nullptr;
  size_t parts_ = 0;
  // Only the caller that holds `busy_` writes it.
  size_t started_ = 0;
  // Threads with a higher number end. shrink() wakes those that sleep.
  std::atomic<size_t> most_{kMostThreads - 1};
  PoolThread threads_[kMostThreads];
};

}  // namespace

bool run_on_pool(size_t parts, size_t workers, PartBody body, const void* context) noexcept {
  try {
    // The pool is never destroyed, because its threads may still sleep in it while the process ends. If there is no
    // memory for it now, the next call tries again.
    static ThreadPool& pool = *new ThreadPool;
    return pool.run(parts, workers, body, context);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace evenkeel
