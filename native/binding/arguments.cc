#include "binding/arguments.h"

namespace evenkeel {

namespace {

template <typename T>
constexpr napi_typedarray_type kTypeOf = napi_float32_array;
template <>
constexpr napi_typedarray_type kTypeOf<double> = napi_float64_array;

// A type that no runtime reports: some leave the type unset for arrays newer than themselves.
constexpr auto kUnknownType = static_cast<napi_typedarray_type>(-1);

}  // namespace

Arguments::Arguments(napi_env env, napi_callback_info info, size_t expected) : env_(env) {
  size_t count = kMax;
  const napi_status status = napi_get_cb_info(env, info, &count, values_, nullptr, nullptr);
  if (status != napi_ok || count != expected) fail("wrong number of arguments");
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
  view->type = kUnknownType;
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

template <typename T>
void* Arguments::operand(size_t i, const Plan& plan, Operand operand) {
  switch (operand) {
    case Operand::data: return checked(i, kTypeOf<T>, plan.size());
    case Operand::affine: return is_absent(i) ? nullptr : checked(i, kTypeOf<T>, plan.affine_length());
    case Operand::statistics: return checked(i, kTypeOf<double>, plan.slots());
  }
  return nullptr;
}

napi_value Arguments::finish() const {
  if (!ok()) napi_throw_type_error(env_, "EVENKEEL_BUFFER", problem_);
  return nullptr;
}

template void* Arguments::operand<float>(size_t, const Plan&, Operand);
template void* Arguments::operand<double>(size_t, const Plan&, Operand);

}  // namespace evenkeel
