// AArch64. Advanced SIMD is part of its baseline, so it needs no target region.
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

#if defined(__aarch64__) || defined(_M_ARM64)

#include <arm_neon.h>

namespace evenkeel {
namespace neon {

#include "simd/neon.h"
#include "kernels/all.inl.h"

}  // namespace neon

const Isa kNeonIsa = {"neon", &neon::kFloat32, &neon::kFloat64};

}  // namespace evenkeel

#endif
