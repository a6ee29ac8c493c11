#include "runtime/team.h"

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

// How long a thread that has run out of work looks for more before it sleeps: long enough for the next layer's call, a
// thousandth of what OpenMP's threads spin by default (docs/decisions/0011).
constexpr auto kLookout = std::chrono::microseconds(20);
// Looks between two looks at the clock.
constexpr int kLooks = 64;
// More than setThreads() allows.
constexpr size_t kMostThreads = 1024;
// Where the system gives no more threads, so many of the team's leave: libuv ends the process where the four of its
// pool cannot start.
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

// What is left of a job, in one word, so that taking a part and the job's being alive are one atomic step: the number
// of parts that nobody has taken (32 bits), and that of workers that may (32 bits).
constexpr uint64_t ticket_of(size_t parts, size_t workers) { return uint64_t{workers} << 32 | parts; }
constexpr size_t parts_left(uint64_t ticket) { return ticket & UINT32_MAX; }
constexpr size_t workers_of(uint64_t ticket) { return ticket >> 32; }

struct Member {
  std::thread thread;
  std::mutex mutex;
  std::condition_variable woken;
  std::atomic<bool> asleep{false};
};

class Team {
 public:
  bool run(size_t parts, size_t workers, PartBody body, const void* context) noexcept {
    if (busy_.test_and_set(std::memory_order_acquire)) return false;
    hire(workers - 1);
    body_ = body;
    context_ = context;
    parts_ = parts;
    done_.store(0, std::memory_order_relaxed);
    ticket_.store(ticket_of(parts, workers));
    for (size_t i = 1; i < workers && i <= hired_; ++i) wake(&members_[i]);
    work(0);
    // Only parts that were taken are waited for: their threads are awake.
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
  // Takes parts until none is left. The job's fields are read after a part was taken, and stay until it is done.
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

  // Either the sleeper sees the new ticket, or the caller sees the sleeper: both are sequentially consistent.
  void sleep(size_t worker) {
    Member& member = members_[worker];
    std::unique_lock<std::mutex> lock(member.mutex);
    member.asleep.store(true);
    while (!has_work(worker) && stays(worker)) member.woken.wait(lock);
    member.asleep.store(false);
  }

  static void wake(Member* member) noexcept {
    if (!member->asleep.load()) return;
    const std::lock_guard<std::mutex> lock(member->mutex);
    member->woken.notify_one();
  }

  bool stays(size_t worker) const noexcept { return worker <= most_.load(); }

  void serve(size_t worker) {
    while (stays(worker)) {
      work(worker);
      if (!finds_work(worker)) sleep(worker);
    }
  }

  // Starts threads until there are `wanted`. Where the system gives no more, the team stays smaller from then on; where
  // memory is short, for this call.
  void hire(size_t wanted) noexcept {
    while (hired_ < wanted && hired_ < most_.load()) {
      try {
        start(hired_ + 1);
      } catch (const std::bad_alloc&) {
        return;
      } catch (const std::exception&) {
        return dismiss();
      }
      ++hired_;
    }
  }

  void dismiss() noexcept {
    const size_t stay = hired_ > kLeftToOthers ? hired_ - kLeftToOthers : 0;
    most_.store(stay);
    for (size_t worker = stay + 1; worker <= hired_; ++worker) wake(&members_[worker]);
    for (size_t worker = stay + 1; worker <= hired_; ++worker) members_[worker].thread.join();
    hired_ = stay;
  }

  // Signals are the process's affair, not of these threads.
  void start(size_t worker) {
#if defined(__unix__) || defined(__APPLE__)
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      members_[worker].thread = std::thread(&Team::serve, this, worker);
    } catch (...) {
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
#else
    members_[worker].thread = std::thread(&Team::serve, this, worker);
#endif
  }

  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  alignas(kCacheLine) std::atomic<uint64_t> ticket_{0};
  alignas(kCacheLine) std::atomic<size_t> done_{0};
  PartBody body_ = nullptr;
  const void* context_ = nullptr;
  size_t parts_ = 0;
  // Written by the caller that holds `busy_` only.
  size_t hired_ = 0;
  // Workers beyond it leave; sleepers are woken to see it, as for a ticket.
  std::atomic<size_t> most_{kMostThreads - 1};
  Member members_[kMostThreads];
};

}  // namespace

bool run_on_team(size_t parts, size_t workers, PartBody body, const void* context) noexcept {
  try {
    // Never destroyed: its threads may sleep in it while the process ends. A call that had no memory for it leaves it
    // to the next one.
    static Team& team = *new Team;
    return team.run(parts, workers, body, context);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace evenkeel
