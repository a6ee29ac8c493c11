// Sets the default floating-point state for a call and restores the previous state after it. Another addon may have set
// flush-to-zero or a rounding mode on this thread.
#pragma once

#include <cstdint>

#if defined(__SSE2__) || defined(_M_X64)
#include <xmmintrin.h>
#endif

namespace evenkeel {

class FloatEnvironment {
 public:
  FloatEnvironment() noexcept : saved_(read()) { write(kDefault); }
  ~FloatEnvironment() { write(saved_); }
  FloatEnvironment(const FloatEnvironment&) = delete;
  FloatEnvironment& operator=(const FloatEnvironment&) = delete;

 private:
#if defined(__SSE2__) || defined(_M_X64)
  // All exceptions are masked, rounding is to nearest, and FTZ and DAZ are off.
  static constexpr uint32_t kDefault = 0x1f80;
  static uint32_t read() noexcept { return _mm_getcsr(); }
  static void write(uint32_t state) noexcept { _mm_setcsr(state); }
  uint32_t saved_;
#elif defined(__aarch64__)
  static constexpr uint64_t kDefault = 0;
  static uint64_t read() noexcept {
    uint64_t state;
    __asm__ volatile("mrs %0, fpcr" : "=r"(state));
    return state;
  }
  static void write(uint64_t state) noexcept { __asm__ volatile("msr fpcr, %0" : : "r"(state)); }
  uint64_t saved_;
#else
  static constexpr int kDefault = 0;
  static int read() noexcept { return 0; }
  static void write(int) noexcept {}
  int saved_;
#endif
};

}  // namespace evenkeel
