// The baseline: whatever every CPU of the target has.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/arithmetic.h"
#include "kernels/kernel_table.h"
#include "runtime/dispatch.h"

namespace evenkeel {
namespace scalar {

#include "simd/scalar.h"
#include "kernels/step.inl.h"
#include "kernels/runs.inl.h"
#include "kernels/planes.inl.h"
#include "kernels/rows.inl.h"
#include "kernels/short_rows.inl.h"
#include "kernels/columns.inl.h"
#include "kernels/table.inl.h"

}  // namespace scalar

const Isa kScalarIsa = {"scalar", &scalar::kFloat32, &scalar::kFloat64};

}  // namespace evenkeel
