// Another addon may have set flush-to-zero or a rounding mode on this thread: undone for the call, then restored.
#pragma once

#include <cstdint>

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace evenkeel {

class FloatEnvironment {
 public:
  // A write empties the pipeline, so that the usual case, nothing to undo, has none.
  FloatEnvironment() noexcept : saved_(read()), plain_(is_plain(saved_)) {
    if (!plain_) write(kDefault);
  }
  ~FloatEnvironment() {
    if (!plain_) write(saved_);
  }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

 private:
#if defined(__SSE2__) || defined(_M_X64)
  // All exceptions masked, round to nearest, neither FTZ nor DAZ.
  static constexpr uint32_t kDefault = 0x1f80;
  // Which exceptions there were: any code sets them, and none of ours reads them.
  static constexpr uint32_t kFlags = 0x3f;
  static bool is_plain(uint32_t state) noexcept { return (state & ~kFlags) == kDefault; }
  static uint32_t read() noexcept { return _mm_getcsr(); }
  static void write(uint32_t state) noexcept { _mm_setcsr(state); }
  uint32_t saved_;
#elif defined(__aarch64__)
  static constexpr uint64_t kDefault = 0;
  static bool is_plain(uint64_t state) noexcept { return state == kDefault; }
  static uint64_t read() noexcept {
    uint64_t state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    return state;
  }
  static void write(uint64_t state) noexcept { __asm__ volatile("msr fpcr, %0" : : "r"(state)); }
  uint64_t saved_;
#else
  static constexpr int kDefault = 0;
  static bool is_plain(int) noexcept { return true; }
  static int read() noexcept { return 0; }
  static void write(int) noexcept {}
  int saved_;
#endif
  bool plain_;
};

}  // namespace evenkeel
