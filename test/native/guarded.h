// An array between guards: NaN in a plain build, so that a read outside spoils the result and a write is found;
// poisoned under AddressSanitizer, so that either stops the test at once.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EVENKEEL_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define EVENKEEL_ASAN 1
#endif
#if defined(EVENKEEL_ASAN)
#include <sanitizer/asan_interface.h>
#endif

namespace evenkeel {
namespace test {

template <typename T>
class Guarded {
 public:
  // `misalignment`: elements by which the first one lies off a cache line.
  explicit Guarded(size_t length, size_t misalignment = 0)
      : length_(length), front_(kGuard + misalignment), total_(front_ + length + kGuard) {
    const size_t bytes = (total_ * sizeof(T) + kLine - 1) / kLine * kLine;
    whole_ = static_cast<T*>(std::aligned_alloc(kLine, bytes));
    if (!whole_) throw std::bad_alloc();
    for (size_t i = 0; i < front_; ++i) whole_[i] = guard_value();
    for (size_t i = front_ + length; i < total_; ++i) whole_[i] = guard_value();
    poison();
  }
  ~Guarded() {
    unpoison();
    std::free(whole_);
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  T* data() { return whole_ + front_; }
  const T* data() const { return whole_ + front_; }
  size_t size() const { return length_; }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }

  // Whether nothing was written beside the array.
  bool intact() {
    unpoison();
    const bool intact = is_guard(0, front_) && is_guard(front_ + length_, total_);
    poison();
    return intact;
  }

 private:
  // The widest register there is.
  static constexpr size_t kLine = 64;
  static constexpr size_t kGuard = 2 * kLine / sizeof(T);

  static T guard_value() { return std::numeric_limits<T>::quiet_NaN(); }

  bool is_guard(size_t begin, size_t end) const {
    const T expected = guard_value();
    for (size_t i = begin; i < end; ++i) {
      if (std::memcmp(whole_ + i, &expected, sizeof(T)) != 0) return false;
    }
    return true;
  }

  void poison() {
#if defined(EVENKEEL_ASAN)
    ASAN_POISON_MEMORY_REGION(whole_, front_ * sizeof(T));
    ASAN_POISON_MEMORY_REGION(whole_ + front_ + length_, kGuard * sizeof(T));
#endif
  }
  void unpoison() {
#if defined(EVENKEEL_ASAN)
    ASAN_UNPOISON_MEMORY_REGION(whole_, total_ * sizeof(T));
#endif
  }

  size_t length_;
  size_t front_;
  size_t total_;
  T* whole_;
};

}  // namespace test
}  // namespace evenkeel
