// Macros for the directives that differ between compilers.
#pragma once

// Kernels and simd functions are small and hot, so they are inlined. Each belongs to one instruction set.
#if defined(_MSC_VER) && !defined(__clang__)
#define EVENKEEL_INLINE static __forceinline
#define EVENKEEL_MEMBER __forceinline
#define EVENKEEL_PREFETCH(p) static_cast<void>(p)
#elif defined(EVENKEEL_SANITIZED)
// A test build checks each access. With forced inlining, one file would compile for ten minutes.
#define EVENKEEL_INLINE static inline
#define EVENKEEL_MEMBER inline
#define EVENKEEL_PREFETCH(p) __builtin_prefetch(p)
#else
#define EVENKEEL_INLINE static inline __attribute__((always_inline))
#define EVENKEEL_MEMBER inline __attribute__((always_inline))
#define EVENKEEL_PREFETCH(p) __builtin_prefetch(p)
#endif
