// The choice of an instruction set.
#pragma once

#include <cstddef>

#include "kernels/kernel_table.h"

namespace evenkeel {

extern const Isa kScalarIsa;
extern const Isa kAvx2Isa;
extern const Isa kAvx512Isa;
extern const Isa kNeonIsa;

constexpr size_t kMaxIsas = 4;

// The instruction sets that this CPU runs, fastest first. The last one is always the scalar one.
struct IsaList {
  const Isa* isas[kMaxIsas];
  size_t count;
};

// The list is made once, in the first call.
const IsaList& available_isas() noexcept;

template <typename T>
const KernelTable<T>& kernels_of(const Isa& isa);
template <>
inline const KernelTable<float>& kernels_of<float>(const Isa& isa) {
  return *isa.float32;
}
template <>
inline const KernelTable<double>& kernels_of<double>(const Isa& isa) {
  return *isa.float64;
}

}  // namespace evenkeel
