// The baseline: whatever every CPU of the target has.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/arithmetic.h"
#include "core/ranges.h"
#include "core/wide_rows.h"
#include "kernels/kernel_table.h"
#include "runtime/dispatch.h"

namespace evenkeel {
namespace scalar {

#include "simd/scalar.h"
#include "kernels/all.inl.h"

}  // namespace scalar

const Isa kScalarIsa = {"scalar", &scalar::kFloat32, &scalar::kFloat64};

}  // namespace evenkeel
