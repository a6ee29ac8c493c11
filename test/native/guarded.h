// An array between guards. What lies beside it is NaN, so that a write is found and a read spoils the result, and under
// AddressSanitizer it is poisoned. An array at a page's end is followed by a page without access: a read past it ends
// the program in every build, that of a masked load too, which AddressSanitizer does not check.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <vector>

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

// No-ops without AddressSanitizer.
inline void poison(const void* from, const void* to) {
#if defined(EVENKEEL_ASAN)
  ASAN_POISON_MEMORY_REGION(from, static_cast<const char*>(to) - static_cast<const char*>(from));
#else
  (void)from, (void)to;
#endif
}
inline void unpoison(const void* from, const void* to) {
#if defined(EVENKEEL_ASAN)
  ASAN_UNPOISON_MEMORY_REGION(from, static_cast<const char*>(to) - static_cast<const char*>(from));
#else
  (void)from, (void)to;
#endif
}

// Whole pages that may be written, and a page behind them that may not even be read. They are kept and taken again: to
// map them anew for each array of each case would double the time of the replay.
class Pages {
 public:
  explicit Pages(size_t bytes)
      : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))), bytes_((bytes + page_ - 1) / page_ * page_) {
    const std::lock_guard<std::mutex> lock(mutex());
    std::vector<char*>& same_size = kept()[bytes_];
    if (same_size.empty()) same_size.push_back(map());
    begin_ = same_size.back();
    same_size.pop_back();
  }
  ~Pages() {
    unpoison(begin_, end());
    const std::lock_guard<std::mutex> lock(mutex());
    kept()[bytes_].push_back(begin_);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  char* begin() { return begin_; }
  char* end() { return begin_ + bytes_; }

 private:
  static std::mutex& mutex() {
    static std::mutex one;
    return one;
  }
  static std::map<size_t, std::vector<char*>>& kept() {
    static std::map<size_t, std::vector<char*>> by_size;
    return by_size;
  }
  char* map() const {
    void* mapped = mmap(nullptr, bytes_ + page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    char* begin = static_cast<char*>(mapped);
    if (mprotect(begin + bytes_, page_, PROT_NONE) != 0) throw std::bad_alloc();
    return begin;
  }

  size_t page_;
  size_t bytes_;
  char* begin_;
};

// Where an array lies: so many elements off a cache line, or at the end of a page.
struct Place {
  size_t misalignment = 0;
  bool at_page_end = false;
};

template <typename T>
class Guarded {
 public:
  explicit Guarded(size_t length, const Place& place = {})
      : length_(length), pages_((length + place.misalignment) * sizeof(T) + 2 * kGuard) {
    char* data = place.at_page_end ? pages_.end() - length * sizeof(T)
                                   : pages_.begin() + kGuard + place.misalignment * sizeof(T);
    data_ = reinterpret_cast<T*>(data);
    for (T* guard = first_guard(); guard < last_guard(); ++guard) *guard = guard_value();
    poison_guards();
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return length_; }

  // Whether nothing was written beside the array.
  bool intact() {
    unpoison(first_guard(), last_guard());
    const bool intact = are_guards(first_guard(), data_) && are_guards(data_ + length_, last_guard());
    poison_guards();
    return intact;
  }

 private:
  // Two of the widest registers; a multiple of a cache line.
  static constexpr size_t kGuard = 128;

  static T guard_value() { return std::numeric_limits<T>::quiet_NaN(); }
  T* first_guard() { return data_ - kGuard / sizeof(T); }
  // At a page's end there is none behind the array.
  T* last_guard() {
    T* end = data_ + length_ + kGuard / sizeof(T);
    T* last = reinterpret_cast<T*>(pages_.end());
    return end < last ? end : last;
  }

  static bool are_guards(const T* from, const T* to) {
    const T expected = guard_value();
    for (; from < to; ++from) {
      if (std::memcmp(from, &expected, sizeof(T)) != 0) return false;
    }
    return true;
  }

  void poison_guards() {
    poison(first_guard(), data_);
    poison(data_ + length_, last_guard());
  }

  size_t length_;
  Pages pages_;
  T* data_;
};

}  // namespace test
}  // namespace evenkeel
