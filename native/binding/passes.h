// The two passes as calls of the addon: arguments read and checked on the calling thread, then run on any.
#pragma once

#include "binding/arguments.h"
#include "core/pass.h"
#include "isa/dispatch.h"

namespace evenkeel {

// The operands of each pass, in the order of src/backend/operands.ts, behind the arguments (isa, descriptor).
constexpr size_t kFirstOperand = 2;

template <typename T>
struct ForwardPass {
  using Element = T;
  static constexpr Operand kOperands[] = {Operand::data,   Operand::data,       Operand::affine,
                                          Operand::affine, Operand::statistics, Operand::statistics};
  static constexpr size_t kCount = sizeof kOperands / sizeof *kOperands;
  // x, y
  static constexpr size_t kData = 2;

  void run() const {
    forward(plan, *kernels, ForwardBuffers<T>{as<T>(0), as<T>(1), as<T>(2), as<T>(3), as<double>(4), as<double>(5)});
  }

  template <typename S>
  S* as(size_t i) const {
    return static_cast<S*>(arrays[i]);
  }

  Plan plan;
  const KernelTable<T>* kernels;
  void* arrays[kCount];
};

template <typename T>
struct BackwardPass {
  using Element = T;
  static constexpr Operand kOperands[] = {Operand::data,       Operand::data,       Operand::data,   Operand::affine,
                                          Operand::statistics, Operand::statistics, Operand::affine, Operand::affine};
  static constexpr size_t kCount = sizeof kOperands / sizeof *kOperands;
  // dy, x, dx
  static constexpr size_t kData = 3;

  void run() const {
    backward(
        plan, *kernels,
        BackwardBuffers<T>{as<T>(0), as<T>(1), as<T>(2), as<T>(3), as<double>(4), as<double>(5), as<T>(6), as<T>(7)});
  }

  template <typename S>
  S* as(size_t i) const {
    return static_cast<S*>(arrays[i]);
  }

  Plan plan;
  const KernelTable<T>* kernels;
  void* arrays[kCount];
};

template <template <typename> class Pass>
constexpr size_t kArguments = kFirstOperand + Pass<float>::kCount;

// Gives the pass that the arguments describe to `use`, or calls nothing where one does not fit.
template <typename Pass, typename T, typename Use>
void read_pass_of(Arguments* arguments, const Plan& plan, const KernelTable<T>& kernels, const Use& use) {
  Pass pass{plan, &kernels, {}};
  for (size_t i = 0; i < Pass::kCount; ++i) {
    pass.arrays[i] = arguments->operand<T>(kFirstOperand + i, plan, Pass::kOperands[i]);
  }
  if (arguments->ok()) use(pass);
}

template <template <typename> class Pass, typename Use>
void read_pass(Arguments* arguments, const Use& use) {
  const IsaList& list = available_isas();
  const uint32_t index = arguments->index(0, static_cast<uint32_t>(list.count));
  const Plan plan = arguments->plan(1);
  if (!arguments->ok()) return;
  const Isa& isa = *list.isas[index];
  if (plan.float64) {
    read_pass_of<Pass<double>>(arguments, plan, kernels_of<double>(isa), use);
  } else {
    read_pass_of<Pass<float>>(arguments, plan, kernels_of<float>(isa), use);
  }
}

constexpr char kNoMemoryCode[] = "EVENKEEL_BACKEND";
constexpr char kNoMemory[] =
    "evenkeel: no memory left for temporaries; of the result a part may be written, nothing else.";

}  // namespace evenkeel
