#include "binding/arguments.h"

namespace evenkeel {

namespace {

// A type that no call takes. view() sets it first, because some runtimes leave the type unset for a kind of array that
// is newer than they are.
constexpr napi_typedarray_type kNoFloat = napi_int8_array;

}  // namespace

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env) {
  if (napi_get_cb_info(env, info, &count_, values_, nullptr, &data_) != napi_ok) fail("the arguments cannot be read");
}

Arguments::Arguments(napi_env env, napi_callback_info info, size_t expected) : Arguments(env, info) {
  expect(expected);
}

void Arguments::expect(size_t count) {
  if (count_ != count) fail("wrong number of arguments");
}

void Arguments::fail(const char* problem) {
  if (ok()) problem_ = problem;
}

uint32_t Arguments::index(size_t i, uint32_t limit) {
  uint32_t value = 0;
  if (!ok()) return 0;
  if (napi_get_value_uint32(env_, values_[i], &value) != napi_ok || value >= limit) {
    fail("an argument is no whole number below its limit");
    return 0;
  }
  return value;
}

bool Arguments::view(size_t i, ArrayView* view) {
  view->type = kNoFloat;
  return napi_get_typedarray_info(env_, values_[i], &view->type, &view->length, &view->data, nullptr, nullptr) ==
         napi_ok;
}

void* Arguments::checked(size_t i, napi_typedarray_type type, size_t length) {
  ArrayView array{};
  if (!ok()) return nullptr;
  if (!view(i, &array) || array.type != type) {
    fail("an argument is no typed array of the plan's element type");
    return nullptr;
  }
  if (array.length != length) {
    fail("a typed array's length is not the plan's (too short, too long, or detached)");
    return nullptr;
  }
  return array.data;
}

size_t Arguments::bytes(size_t i, void** data) {
  ArrayView array{};
  if (!ok()) return 0;
  const bool wide = view(i, &array) && array.type == napi_float64_array;
  if (!wide && array.type != napi_float32_array) {
    fail("an argument is no float array");
    return 0;
  }
  *data = array.data;
  return array.length * (wide ? sizeof(double) : sizeof(float));
}

Plan Arguments::plan(size_t i) {
  Plan plan{};
  const auto* descriptor = static_cast<const double*>(checked(i, napi_float64_array, kDescriptorLength));
  if (ok() && !read_plan(descriptor, &plan)) fail("the descriptor is no plan");
  return plan;
}

bool Arguments::is_absent(size_t i) const {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env_, values_[i], &type) == napi_ok && (type == napi_null || type == napi_undefined);
}

void* Arguments::operand(size_t i, const Plan& plan, Operand operand) {
  const napi_typedarray_type type = plan.float64 ? napi_float64_array : napi_float32_array;
  switch (operand) {
    case Operand::data: return checked(i, type, plan.size());
    case Operand::affine: return is_absent(i) ? nullptr : checked(i, type, plan.affine_length());
    case Operand::statistics: return checked(i, napi_float64_array, plan.slots());
  }
  return nullptr;
}

napi_value Arguments::finish() const {
  if (!ok()) napi_throw_type_error(env_, "EVENKEEL_BUFFER", problem_);
  return nullptr;
}

}  // namespace evenkeel
