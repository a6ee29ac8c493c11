// The baseline: instructions that every CPU of the target has.
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

namespace evenkeel {
namespace scalar {

#include "simd/scalar.h"
#include "kernels/all.inl.h"

}  // namespace scalar

const Isa kScalarIsa = {"scalar", &scalar::kFloat32, &scalar::kFloat64};

}  // namespace evenkeel
