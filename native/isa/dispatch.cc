#include "isa/dispatch.h"

#if defined(_MSC_VER) && !defined(__clang__)
#include <immintrin.h>
#include <intrin.h>
#endif

namespace evenkeel {

namespace {

#if defined(_MSC_VER) && !defined(__clang__)

// Whether the CPU has the feature and the operating system saves its registers.
bool has_feature(int bit_of_leaf7_ebx, unsigned long long saved_state) {
  int leaf1[4];
  int leaf7[4];
  __cpuid(leaf1, 1);
  const bool has_xgetbv = (leaf1[2] >> 27) & 1;
  if (!has_xgetbv || (_xgetbv(0) & saved_state) != saved_state) return false;
  __cpuidex(leaf7, 7, 0);
  return (leaf7[1] >> bit_of_leaf7_ebx) & 1;
}
bool has_avx2() { return has_feature(5, 0x06); }
bool has_avx512() { return has_feature(16, 0xe6); }

#elif defined(__x86_64__)

bool has_avx2() { return __builtin_cpu_supports("avx2"); }
bool has_avx512() { return __builtin_cpu_supports("avx512f"); }

#endif

IsaList find_isas() {
  IsaList list{};
  // The fastest first.
#if defined(__x86_64__) || defined(_M_X64)
  if (has_avx512()) list.isas[list.count++] = &kAvx512Isa;
  if (has_avx2()) list.isas[list.count++] = &kAvx2Isa;
#elif defined(__aarch64__) || defined(_M_ARM64)
  list.isas[list.count++] = &kNeonIsa;
#endif
  list.isas[list.count++] = &kScalarIsa;
  return list;
}

}  // namespace

const IsaList& available_isas() noexcept {
  static const IsaList list = find_isas();
  return list;
}

}  // namespace evenkeel
