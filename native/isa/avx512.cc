// x86-64 with AVX-512 F.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "base/arithmetic.h"
#include "base/cache_lines.h"
#include "base/compiler.h"
#include "base/ranges.h"
#include "isa/dispatch.h"
#include "kernels/kernel_table.h"
#include "kernels/wide_rows.h"

#if defined(__x86_64__) || defined(_M_X64)

// GCC 12's own header initializes a register with itself (GCC bug 105593). The warning would be about that header.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

#define EVENKEEL_TARGET "avx512f"
#include "isa/target_begin.h"

namespace evenkeel {
namespace avx512 {

#include "simd/avx512.h"
#include "kernels/all.inl.h"

}  // namespace avx512

const Isa kAvx512Isa = {"avx512", &avx512::kFloat32, &avx512::kFloat64};

}  // namespace evenkeel

#include "isa/target_end.h"

#endif
