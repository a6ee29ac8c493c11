// x86-64 with AVX2.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/arithmetic.h"
#include "kernels/kernel_table.h"
#include "runtime/dispatch.h"

#if defined(__x86_64__) || defined(_M_X64)

#include <immintrin.h>

#define EVENKEEL_TARGET "avx2"
#include "isa/target_begin.h"

namespace evenkeel {
namespace avx2 {

#include "simd/avx2.h"
#include "kernels/step.inl.h"
#include "kernels/runs.inl.h"
#include "kernels/planes.inl.h"
#include "kernels/rows.inl.h"
#include "kernels/short_rows.inl.h"
#include "kernels/columns.inl.h"
#include "kernels/table.inl.h"

}  // namespace avx2

const Isa kAvx2Isa = {"avx2", &avx2::kFloat32, &avx2::kFloat64};

}  // namespace evenkeel

#include "isa/target_end.h"

#endif
