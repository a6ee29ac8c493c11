// The two passes as calls of the addon: arguments read and checked on the calling thread, then run on any.
#pragma once

#include "binding/arguments.h"
#include "core/pass.h"
#include "runtime/dispatch.h"

namespace evenkeel {

// (isa, descriptor, x, y, weight, bias, mean, variance)
template <typename T>
struct ForwardPass {
  static constexpr size_t kArguments = 8;

  ForwardPass(Arguments* arguments, const Plan& plan, const Isa& isa)
      : plan(plan),
        kernels(&kernels_of<T>(isa)),
        io{arguments->array<T>(2, plan.size()),
           arguments->array<T>(3, plan.size()),
           arguments->optional_array<T>(4, plan.affine_length()),
           arguments->optional_array<T>(5, plan.affine_length()),
           arguments->array<double>(6, plan.slots()),
           arguments->array<double>(7, plan.slots())} {}

  void run() const { forward(plan, *kernels, io); }

  Plan plan;
  const KernelTable<T>* kernels;
  ForwardBuffers<T> io;
};

// (isa, descriptor, dy, x, dx, weight, mean, variance, dweight, dbias)
template <typename T>
struct BackwardPass {
  static constexpr size_t kArguments = 10;

  BackwardPass(Arguments* arguments, const Plan& plan, const Isa& isa)
      : plan(plan),
        kernels(&kernels_of<T>(isa)),
        io{arguments->array<T>(2, plan.size()),
           arguments->array<T>(3, plan.size()),
           arguments->array<T>(4, plan.size()),
           arguments->optional_array<T>(5, plan.affine_length()),
           arguments->array<double>(6, plan.slots()),
           arguments->array<double>(7, plan.slots()),
           arguments->optional_array<T>(8, plan.affine_length()),
           arguments->optional_array<T>(9, plan.affine_length())} {}

  void run() const { backward(plan, *kernels, io); }

  Plan plan;
  const KernelTable<T>* kernels;
  BackwardBuffers<T> io;
};

// Gives the pass that the arguments describe to `use`, or calls nothing where one does not fit.
template <template <typename> class Pass, typename Use>
void read_pass(Arguments* arguments, const Use& use) {
  const IsaList& list = available_isas();
  const uint32_t isa = arguments->index(0, static_cast<uint32_t>(list.count));
  const Plan plan = arguments->plan(1);
  if (!arguments->ok()) return;
  if (plan.float64) {
    const Pass<double> pass(arguments, plan, *list.isas[isa]);
    if (arguments->ok()) use(pass);
  } else {
    const Pass<float> pass(arguments, plan, *list.isas[isa]);
    if (arguments->ok()) use(pass);
  }
}

constexpr char kNoMemoryCode[] = "EVENKEEL_BACKEND";
constexpr char kNoMemory[] =
    "evenkeel: no memory left for temporaries; of the result a part may be written, nothing else.";

}  // namespace evenkeel
