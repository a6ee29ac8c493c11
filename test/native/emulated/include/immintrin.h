// Stands before the compiler's <immintrin.h> in the emulated build: the intrinsics of native/simd/avx512.h as plain
// C++, so that this very source runs on any CPU. Most come from SIMDe; what its Debian 12 release lacks is below, after
// the operations that Intel's Intrinsics Guide gives.
#pragma once

// Nothing of the host's own vectors: each lane by itself.
#define SIMDE_NO_NATIVE
#define SIMDE_ENABLE_NATIVE_ALIASES
#pragma GCC system_header
#include <simde/x86/avx.h>
#include <simde/x86/avx512/add.h>
#include <simde/x86/avx512/cast.h>
#include <simde/x86/avx512/extract.h>
#include <simde/x86/avx512/loadu.h>
#include <simde/x86/avx512/max.h>
#include <simde/x86/avx512/min.h>
#include <simde/x86/avx512/mov.h>
#include <simde/x86/avx512/mul.h>
#include <simde/x86/avx512/set1.h>
#include <simde/x86/avx512/setzero.h>
#include <simde/x86/avx512/storeu.h>
#include <simde/x86/avx512/sub.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace emulated {

// A vector and its lanes, as memory has them.
template <typename Vector, typename Lane>
struct Lanes {
  static constexpr int count = sizeof(Vector) / sizeof(Lane);
  Lane lane[count];

  static Lanes of(Vector vector) {
    Lanes lanes;
    std::memcpy(lanes.lane, &vector, sizeof vector);
    return lanes;
  }
  Vector vector() const {
    Vector vector;
    std::memcpy(&vector, lane, sizeof vector);
    return vector;
  }
};

// Lanes whose mask bit is not set are zero; their memory is not read.
template <typename Vector, typename Lane>
Vector maskz_loadu(unsigned mask, const Lane* memory) {
  Lanes<Vector, Lane> lanes{};
  for (int i = 0; i < lanes.count; ++i) {
    if ((mask >> i) & 1u) lanes.lane[i] = memory[i];
  }
  return lanes.vector();
}

// Memory of lanes whose mask bit is not set is not written.
template <typename Vector, typename Lane>
void mask_storeu(Lane* memory, unsigned mask, Vector vector) {
  const auto lanes = Lanes<Vector, Lane>::of(vector);
  for (int i = 0; i < lanes.count; ++i) {
    if ((mask >> i) & 1u) memory[i] = lanes.lane[i];
  }
}

// A non-temporal stores needs an aligned address: elsewhere the CPU raises a fault, which ends this program too.
template <typename Vector, typename Lane>
void store_non_temporal(Lane* memory, Vector vector) {
  if (reinterpret_cast<std::uintptr_t>(memory) % sizeof(Vector) != 0) std::abort();
  std::memcpy(memory, &vector, sizeof vector);
}

inline simde__m512d cvtps_pd(simde__m256 narrow) {
  const auto from = Lanes<simde__m256, float>::of(narrow);
  Lanes<simde__m512d, double> to;
  for (int i = 0; i < to.count; ++i) to.lane[i] = from.lane[i];
  return to.vector();
}

}  // namespace emulated

typedef simde__mmask16 __mmask16;
typedef simde__mmask8 __mmask8;
#undef _mm512_maskz_loadu_ps
#undef _mm512_maskz_loadu_pd
#undef _mm512_mask_storeu_ps
#undef _mm512_mask_storeu_pd
#undef _mm512_cvtps_pd
#undef _mm512_stream_ps
#undef _mm512_stream_pd
#define _mm512_maskz_loadu_ps(mask, memory) emulated::maskz_loadu<simde__m512>(mask, memory)
#define _mm512_maskz_loadu_pd(mask, memory) emulated::maskz_loadu<simde__m512d>(mask, memory)
#define _mm512_mask_storeu_ps(memory, mask, vector) emulated::mask_storeu(memory, mask, vector)
#define _mm512_mask_storeu_pd(memory, mask, vector) emulated::mask_storeu(memory, mask, vector)
#define _mm512_cvtps_pd(narrow) emulated::cvtps_pd(narrow)
#define _mm512_stream_ps(memory, vector) emulated::store_non_temporal(memory, vector)
#define _mm512_stream_pd(memory, vector) emulated::store_non_temporal(memory, vector)
