#include "runtime/workers.h"

#include <chrono>
#include <thread>

namespace evenkeel {

namespace {

// A thread that has run out of work spins this long before it sleeps. The time suffices for the next layer's call. It
// is a thousandth of the time for which OpenMP's threads spin by default (docs/decisions/0011).
constexpr auto kSpinTime = std::chrono::microseconds(20);
// How often a spinning thread looks for work before it reads the clock.
constexpr int kLooks = 64;

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

}  // namespace

bool Workers::run(size_t parts, size_t workers, PartBody body, const void* context) noexcept {
  if (busy_.test_and_set(std::memory_order_acquire)) return false;
  const size_t threads = grow(workers - 1);
  body_ = body;
  context_ = context;
  parts_ = parts;
  done_.store(0, std::memory_order_relaxed);
  ticket_.store(ticket_of(parts, workers));
  for (size_t worker = 1; worker < workers && worker <= threads; ++worker) wake(worker);
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

// Takes parts until none is left. A worker reads the job's fields only after it took a part. They stay valid until that
// part is done.
void Workers::work(size_t worker) noexcept {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  while (parts_left(ticket) > 0 && worker < workers_of(ticket)) {
    if (!ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel)) continue;
    body_(context_, parts_ - parts_left(ticket), worker);
    done_.fetch_add(1, std::memory_order_acq_rel);
    ticket = ticket_.load(std::memory_order_acquire);
  }
}

bool Workers::has_work(size_t worker) const noexcept {
  const uint64_t ticket = ticket_.load();
  return parts_left(ticket) > 0 && worker < workers_of(ticket);
}

bool Workers::finds_work(size_t worker) const noexcept {
  const auto end = std::chrono::steady_clock::now() + kSpinTime;
  do {
    for (int look = 0; look < kLooks; ++look) {
      if (has_work(worker)) return true;
      pause_cpu();
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

// No wake-up is lost. What a thread waits for (`ticket_`, stays()) and `asleep` are sequentially consistent: either the
// thread that goes to sleep sees the change, or whoever made it sees that the thread is asleep.
void Workers::sleep(size_t worker) {
  Sleeper& own = sleepers_[worker];
  std::unique_lock<std::mutex> lock(own.mutex);
  own.asleep.store(true);
  while (!has_work(worker) && stays(worker)) own.woken.wait(lock);
  own.asleep.store(false);
}

void Workers::wake(size_t worker) noexcept {
  Sleeper& sleeper = sleepers_[worker];
  if (!sleeper.asleep.load()) return;
  const std::lock_guard<std::mutex> lock(sleeper.mutex);
  sleeper.woken.notify_one();
}

void Workers::serve(size_t worker) {
  while (stays(worker)) {
    work(worker);
    if (!finds_work(worker)) sleep(worker);
  }
}

}  // namespace evenkeel
