// The passes as calls of the addon: arguments read and checked on the calling thread, then run on any.
#pragma once

#include "binding/arguments.h"
#include "core/plan.h"
#include "kernels/kernel_table.h"

namespace evenkeel {

// The arguments of a pass are (isa, descriptor, ...operands).
constexpr size_t kFirstOperand = 2;
constexpr size_t kMostOperands = 9;

struct Pass;

// One pass: its names as src/backend/operands.ts has them, for a call at once, on another thread, and one that is kept;
// its operands in the order of that table; and how it runs in each element type.
struct PassType {
  const char* name;
  const char* async_name;
  const char* kept_name;
  const Operand* operands;
  size_t count;
  void (*run32)(const Pass& pass);
  void (*run64)(const Pass& pass);

  size_t arguments() const { return kFirstOperand + count; }
  // How many of the first operands are data.
  size_t data() const;
};

constexpr size_t kPasses = 6;
// All of them.
extern const PassType kPassTypes[kPasses];

// A pass over its arrays; none where type is null.
struct Pass {
  const PassType* type = nullptr;
  const Isa* isa = nullptr;
  Plan plan{};
  // As many as the type has operands.
  void* arrays[kMostOperands];

  // Throws std::bad_alloc.
  void run() const {
    if (type) (plan.float64 ? type->run64 : type->run32)(*this);
  }
};

// The pass that the arguments describe; `arguments` tells whether all of them fit.
Pass read_pass(Arguments* arguments, const PassType& type);

constexpr char kNoMemoryCode[] = "EVENKEEL_BACKEND";
constexpr char kNoMemory[] =
    "evenkeel: no memory left for temporaries; of the result a part may be written, nothing else.";

}  // namespace evenkeel
