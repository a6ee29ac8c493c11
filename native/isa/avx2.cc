// x86-64 with AVX2.
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

#include <immintrin.h>

#define EVENKEEL_TARGET "avx2"
#include "isa/target_begin.h"

namespace evenkeel {
namespace avx2 {

#include "simd/avx2.h"
#include "kernels/all.inl.h"

}  // namespace avx2

const Isa kAvx2Isa = {"avx2", &avx2::kFloat32, &avx2::kFloat64};

}  // namespace evenkeel

#include "isa/target_end.h"

#endif
