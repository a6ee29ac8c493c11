// The passes as calls of the addon. The arguments are read and checked on the calling thread; the pass can then run on
// any thread.
#pragma once

#include "binding/arguments.h"
#include "core/plan.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

// The arguments of a pass are (isa, descriptor, ...operands).
constexpr size_t kFirstOperand = 2;
constexpr size_t kMostOperands = 9;

struct Pass;

// One pass, as src/backend/operands.ts has it. name, async_name and kept_name: the exported functions that run it at
// once, run it on another thread, and run and keep it. operands, count: its operands, in the order of that table.
// run32, run64: the functions that run it in each element type.
struct PassType {
  const char* name;
  const char* async_name;
  const char* kept_name;
  const Operand* operands;
  size_t count;
  void (*run32)(const Pass& pass);
  void (*run64)(const Pass& pass);

  size_t arguments() const { return kFirstOperand + count; }
  // The number of data operands. They come first.
  size_t data() const;
};

constexpr size_t kPasses = 7;
// All passes.
extern const PassType kPassTypes[kPasses];

// A pass over its arrays. There is no pass if type is null.
struct Pass {
  const PassType* type = nullptr;
  const Isa* isa = nullptr;
  Plan plan{};
  // The first type->count are set.
  void* arrays[kMostOperands];

  // Throws std::bad_alloc.
  void run() const {
    if (type) (plan.float64 ? type->run64 : type->run32)(*this);
  }
};

// The pass that the arguments describe. Throws the error of a wrong argument.
Pass read_pass(const Arguments& arguments, const PassType& type);

}  // namespace evenkeel
