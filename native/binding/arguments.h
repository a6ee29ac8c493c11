// Typed arrays of a call as pointers, checked as far as memory safety needs: type and length against the plan.
// Everything else was checked in TypeScript, which has the better words for it.
#pragma once

#include <node_api.h>

#include <cstddef>

#include "core/plan.h"

namespace evenkeel {

// A typed array; data is null where it is absent, detached or empty.
struct ArrayView {
  napi_typedarray_type type;
  size_t length;
  void* data;
};

// What an operand of a pass is: as long as the plan's data, and never null; as weight and bias, or null; one float64
// per slot, and never null.
enum class Operand { data, affine, statistics };

// Reads the arguments of one call. The first thing wrong is kept, and throws a TypeError when it is all over.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, size_t expected);
  // Of a function that was exported with `data`, which tells how many are expected.
  Arguments(napi_env env, napi_callback_info info);
  void expect(size_t count);
  template <typename Data>
  const Data& data() const {
    return *static_cast<const Data*>(data_);
  }

  // A whole number below `limit`.
  uint32_t index(size_t i, uint32_t limit);
  // The plan; its sizes bound all lengths that follow.
  Plan plan(size_t i);
  // The memory of an operand of a plan.
  void* operand(size_t i, const Plan& plan, Operand operand);
  // Whether the argument is null or undefined.
  bool is_absent(size_t i) const;

  // A float array of any type and length: its bytes.
  size_t bytes(size_t i, void** data);

  // As it came, of any type.
  napi_value value(size_t i) const { return values_[i]; }

  bool ok() const { return problem_ == nullptr; }
  // The call's result: undefined, or a pending exception.
  napi_value finish() const;

 private:
  // An instruction set, a descriptor, nine operands, a frame.
  static constexpr size_t kMax = 12;

  void fail(const char* problem);
  bool view(size_t i, ArrayView* view);
  void* checked(size_t i, napi_typedarray_type type, size_t length);

  napi_env env_;
  napi_value values_[kMax] = {};
  size_t count_ = kMax;
  void* data_ = nullptr;
  const char* problem_ = nullptr;
};

}  // namespace evenkeel
