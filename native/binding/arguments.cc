#include "binding/arguments.h"

#include "binding/errors.h"

namespace evenkeel {

namespace {

constexpr char kWrongCount[] = "wrong number of arguments";
constexpr char kNoNumber[] = "an argument is no whole number below its limit";

// A type that no call takes. Some runtimes leave the type unset for a kind of array that is newer than they are.
constexpr napi_typedarray_type kNoFloat = napi_int8_array;

}  // namespace

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env) {
  if (napi_get_cb_info(env, info, &count_, values_, nullptr, &data_) != napi_ok) fail("the arguments cannot be read");
}

void Arguments::fail(const char* problem) const { throw argument_error(env_, problem); }

void Arguments::expect(size_t count) const {
  if (count_ != count) fail(kWrongCount);
}

uint32_t Arguments::index(size_t i, uint32_t limit) const {
  uint32_t value = 0;
  if (napi_get_value_uint32(env_, values_[i], &value) != napi_ok || value >= limit) fail(kNoNumber);
  return value;
}

void* Arguments::checked(size_t i, napi_typedarray_type type, size_t length) const {
  napi_typedarray_type found = kNoFloat;
  size_t found_length = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env_, values_[i], &found, &found_length, &data, nullptr, nullptr) != napi_ok ||
      found != type)
    fail("an argument is no typed array of the plan's element type");
  if (found_length != length) fail("a typed array's length is not the plan's (too short, too long, or detached)");
  return data;
}

Plan Arguments::plan(size_t i) const {
  Plan plan{};
  if (!read_plan(static_cast<const double*>(checked(i, napi_float64_array, kDescriptorLength)), &plan))
    fail("the descriptor is no plan");
  return plan;
}

bool Arguments::is_absent(size_t i) const {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env_, values_[i], &type) == napi_ok && (type == napi_null || type == napi_undefined);
}

void* Arguments::operand(size_t i, const Plan& plan, Operand operand) const {
  const napi_typedarray_type type = plan.float64 ? napi_float64_array : napi_float32_array;
  switch (operand) {
    case Operand::data: return checked(i, type, plan.size());
    case Operand::affine: return is_absent(i) ? nullptr : checked(i, type, plan.affine_length());
    case Operand::statistics: return checked(i, napi_float64_array, plan.slots());
  }
  return nullptr;
}

Napi::Value only_argument(const Napi::CallbackInfo& info) {
  if (info.Length() != 1) throw argument_error(info.Env(), kWrongCount);
  return info[0];
}

uint32_t only_number(const Napi::CallbackInfo& info, uint32_t limit) {
  const Napi::Value argument = only_argument(info);
  const uint32_t value = argument.IsNumber() ? argument.As<Napi::Number>().Uint32Value() : limit;
  if (value >= limit) throw argument_error(info.Env(), kNoNumber);
  return value;
}

}  // namespace evenkeel
