// AArch64. Advanced SIMD is part of its baseline, so it needs no target region.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/arithmetic.h"
#include "base/ranges.h"
#include "kernels/wide_rows.h"
#include "kernels/kernel_table.h"
#include "isa/dispatch.h"

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
