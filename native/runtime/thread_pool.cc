#include "runtime/thread_pool.h"

#include <exception>
#include <new>
#include <thread>

#include "runtime/signals.h"

namespace evenkeel {

namespace {

class ThreadPool final : public Workers {
 private:
  bool stays(size_t worker) const noexcept override { return worker <= most_.load(); }

  // If the system refuses to start a thread, the pool stays smaller for good. If memory runs out, the pool is smaller
  // for this call only.
  size_t grow(size_t wanted) noexcept override {
    while (started_ < wanted && started_ < most_.load()) {
      try {
        const SignalsBlocked blocked;
        threads_[started_ + 1] = std::thread(&ThreadPool::serve, this, started_ + 1);
      } catch (const std::bad_alloc&) {
        break;
      } catch (const std::exception&) {
        shrink();
        break;
      }
      ++started_;
    }
    return started_;
  }

  void shrink() noexcept {
    const size_t stay = started_ > kLeftToOthers ? started_ - kLeftToOthers : 0;
    most_.store(stay);
    for (size_t worker = stay + 1; worker <= started_; ++worker) wake(worker);
    for (size_t worker = stay + 1; worker <= started_; ++worker) threads_[worker].join();
    started_ = stay;
  }

  // Only the caller whose job the pool runs writes it.
  size_t started_ = 0;
  // Threads with a higher number end. shrink() wakes those that sleep.
  std::atomic<size_t> most_{kMostWorkers - 1};
  std::thread threads_[kMostWorkers];
};

}  // namespace

bool run_on_pool(size_t parts, size_t workers, PartBody body, const void* context) noexcept {
  try {
    // Never destroyed (workers.h). If there is no memory for it now, the next call tries again.
    static ThreadPool& pool = *new ThreadPool;
    return pool.run(parts, workers, body, context);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace evenkeel
