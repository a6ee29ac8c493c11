// Reads the arguments of a call. It checks what memory safety needs: the type and length of each array against the
// plan. TypeScript has checked everything else before, and has better error messages.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

#include "core/plan.h"

namespace evenkeel {

// The kinds of operand of a pass. data: as long as the plan's data, never null. affine: as long as weight and bias, or
// null. statistics: one float64 for each slot, never null.
enum class Operand { data, affine, statistics };

// The arguments of a pass. Whatever is wrong with them is thrown as a TypeError. They are read by the C interface: the
// wrapper asks three times for what napi_get_typedarray_info tells at once, which takes 40 ns more for each array
// (docs/decisions/0023).
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info);
  // What the function was exported with.
  template <typename Data>
  const Data& data() const {
    return *static_cast<const Data*>(data_);
  }
  // Throws unless there are `count` arguments. Call it before all that follow.
  void expect(size_t count) const;

  // Argument i as a whole number below `limit`.
  uint32_t index(size_t i, uint32_t limit) const;
  // Argument i as a plan. Its sizes are the limits of all lengths that follow.
  Plan plan(size_t i) const;
  // The memory of argument i, an operand of a plan.
  void* operand(size_t i, const Plan& plan, Operand operand) const;
  // Whether argument i is null or undefined.
  bool is_absent(size_t i) const;
  // Argument i of any type, unchecked.
  napi_value value(size_t i) const { return values_[i]; }

 private:
  // The most arguments that a call has: an instruction set, a descriptor, nine operands, a frame.
  static constexpr size_t kMax = 12;

  [[noreturn]] void fail(const char* problem) const;
  void* checked(size_t i, napi_typedarray_type type, size_t length) const;

  napi_env env_;
  napi_value values_[kMax] = {};
  size_t count_ = kMax;
  void* data_ = nullptr;
};

// The only argument of a call of another kind. Throws if there are none or several.
Napi::Value only_argument(const Napi::CallbackInfo& info);
// The same as a whole number below `limit`.
uint32_t only_number(const Napi::CallbackInfo& info, uint32_t limit);

}  // namespace evenkeel
