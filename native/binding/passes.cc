#include "binding/passes.h"

#include <iterator>
#include <utility>

#include "core/extrema.h"
#include "core/pass.h"
#include "isa/dispatch.h"

namespace evenkeel {

namespace {

// An array that converts to the type of the field that it initializes.
struct Array {
  void* data;

  template <typename T>
  operator T*() const {
    return static_cast<T*>(data);
  }
};

// Buffers whose fields are these arrays, in their order.
template <typename Buffers, size_t... kIndex>
Buffers buffers_of(void* const* arrays, std::index_sequence<kIndex...>) {
  return Buffers{Array{arrays[kIndex]}...};
}

template <typename T, template <typename> class Buffers,
          void (*kRun)(const Plan&, const KernelTable<T>&, const Buffers<T>&), size_t kCount>
void run(const Pass& pass) {
  static_assert(sizeof(Buffers<T>) == kCount * sizeof(void*), "as many operands as the buffers have fields");
  static_assert(kCount <= kMostOperands, "a pass has room for all operands");
  kRun(pass.plan, kernels_of<T>(*pass.isa), buffers_of<Buffers<T>>(pass.arrays, std::make_index_sequence<kCount>()));
}

constexpr Operand kData = Operand::data;
constexpr Operand kAffine = Operand::affine;
constexpr Operand kStatistics = Operand::statistics;

// The operand tables of src/backend/operands.ts. Each operand is also a field of the buffers in core/plan.h.
constexpr Operand kMomentsOperands[] = {kData, kStatistics, kStatistics};
constexpr Operand kExtremaOperands[] = {kData, kStatistics, kStatistics};
constexpr Operand kForwardOperands[] = {kData, kData, kAffine, kAffine, kStatistics, kStatistics};
constexpr Operand kGradientSumsOperands[] = {kData,       kData,       kAffine, kStatistics, kStatistics,
                                             kStatistics, kStatistics, kAffine, kAffine};
constexpr Operand kApplyGradientOperands[] = {kData,       kData,       kData,       kAffine,
                                              kStatistics, kStatistics, kStatistics, kStatistics};
constexpr Operand kBackwardOperands[] = {kData, kData, kData, kAffine, kStatistics, kStatistics, kAffine, kAffine};

}  // namespace

#define EVENKEEL_PASS(name, operands, Buffers, function)                      \
  {                                                                           \
    name, name "Async", name "Kept", operands, std::size(operands),           \
        run<float, Buffers, evenkeel::function<float>, std::size(operands)>,  \
        run<double, Buffers, evenkeel::function<double>, std::size(operands)> \
  }
const PassType kPassTypes[kPasses] = {
    EVENKEEL_PASS("moments", kMomentsOperands, MomentsBuffers, moments),
    EVENKEEL_PASS("extrema", kExtremaOperands, ExtremaBuffers, extrema),
    EVENKEEL_PASS("apply", kForwardOperands, ForwardBuffers, apply),
    EVENKEEL_PASS("forward", kForwardOperands, ForwardBuffers, forward),
    EVENKEEL_PASS("gradientSums", kGradientSumsOperands, GradientSumsBuffers, gradient_sums),
    EVENKEEL_PASS("applyGradient", kApplyGradientOperands, ApplyGradientBuffers, apply_gradient),
    EVENKEEL_PASS("backward", kBackwardOperands, BackwardBuffers, backward),
};
#undef EVENKEEL_PASS

size_t PassType::data() const {
  size_t n = 0;
  while (n < count && operands[n] == Operand::data) ++n;
  return n;
}

Pass read_pass(const Arguments& arguments, const PassType& type) {
  const IsaList& list = available_isas();
  Pass pass;
  pass.type = &type;
  pass.isa = list.isas[arguments.index(0, static_cast<uint32_t>(list.count))];
  pass.plan = arguments.plan(1);
  for (size_t i = 0; i < type.count; ++i) {
    pass.arrays[i] = arguments.operand(kFirstOperand + i, pass.plan, type.operands[i]);
  }
  return pass;
}

}  // namespace evenkeel
