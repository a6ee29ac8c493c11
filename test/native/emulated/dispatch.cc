// Replaces native/isa/dispatch.cc in the emulated build: offers the AVX-512 kernels whatever the CPU has, because
// their intrinsics are emulated (see include/immintrin.h). It says nothing of a span on an AVX-512 CPU.
#include "isa/dispatch.h"

namespace evenkeel {

const IsaList& available_isas() noexcept {
  static const IsaList list = {{&kAvx512Isa, &kScalarIsa}, 2};
  return list;
}

}  // namespace evenkeel
