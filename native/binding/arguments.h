// Reads the typed arrays of a call as pointers. It checks what memory safety needs: type and length against the plan.
// TypeScript has checked everything else before, and has better error messages.
#pragma once

#include <node_api.h>

#include <cstddef>

#include "core/plan.h"

namespace evenkeel {

// A typed array. data is null if the array is absent, detached or empty.
struct ArrayView {
  napi_typedarray_type type;
  size_t length;
  void* data;
};

// The kinds of operand of a pass. data: as long as the plan's data, never null. affine: as long as weight and bias, or
// null. statistics: one float64 for each slot, never null.
enum class Operand { data, affine, statistics };

// Reads the arguments of one call. It keeps the first problem; finish() throws it as a TypeError.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, size_t expected);
  // For a function that was exported with `data`. Call expect() after it with the number of arguments that `data`
  // tells.
  Arguments(napi_env env, napi_callback_info info);
  void expect(size_t count);
  template <typename Data>
  const Data& data() const {
    return *static_cast<const Data*>(data_);
  }

  // Argument i as a whole number below `limit`.
  uint32_t index(size_t i, uint32_t limit);
  // Argument i as a plan. Its sizes are the limits of all lengths that follow.
  Plan plan(size_t i);
  // The memory of argument i, an operand of a plan.
  void* operand(size_t i, const Plan& plan, Operand operand);
  // Whether argument i is null or undefined.
  bool is_absent(size_t i) const;

  // The number of bytes of argument i, a float array of any type and length. `data` receives its address.
  size_t bytes(size_t i, void** data);

  // Argument i of any type, unchecked.
  napi_value value(size_t i) const { return values_[i]; }

  bool ok() const { return problem_ == nullptr; }
  // Returns the result of the call, which is undefined. Throws the TypeError if there was a problem.
  napi_value finish() const;

 private:
  // The most arguments that a call has: an instruction set, a descriptor, nine operands, a frame.
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
