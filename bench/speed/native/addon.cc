// copy.node: kinds(a, b, to) -> [name, ...] and time(kind, a, b, to, threads, passes) -> nanoseconds of one pass.
// a, b (or null), to: Float32Arrays of one length. The caller is workers/limit.ts, which keeps to that.
#include <node_api.h>

#include <array>
#include <string_view>

#include "../../native/copy.h"

namespace {

using evenkeel::bench::can_copy;
using evenkeel::bench::CopyKind;
using evenkeel::bench::kCopyKinds;
using evenkeel::bench::Traffic;

template <size_t kCount>
std::array<napi_value, kCount> arguments_of(napi_env env, napi_callback_info info) {
  std::array<napi_value, kCount> values{};
  size_t count = kCount;
  napi_get_cb_info(env, info, &count, values.data(), nullptr, nullptr);
  return values;
}

// Null where the value is no Float32Array.
float* data_of(napi_env env, napi_value value, size_t* length) {
  napi_typedarray_type type = napi_uint8_array;
  void* data = nullptr;
  const napi_status status = napi_get_typedarray_info(env, value, &type, length, &data, nullptr, nullptr);
  return status == napi_ok && type == napi_float32_array ? static_cast<float*>(data) : nullptr;
}

bool read_traffic(napi_env env, const napi_value* values, Traffic* traffic) {
  size_t lengths[3] = {0, 0, 0};
  traffic->a = data_of(env, values[0], &lengths[0]);
  traffic->b = data_of(env, values[1], &lengths[1]);
  traffic->to = data_of(env, values[2], &lengths[2]);
  traffic->length = lengths[0];
  const bool fits = traffic->a && traffic->to && lengths[2] == lengths[0] && (!traffic->b || lengths[1] == lengths[0]);
  if (!fits) napi_throw_error(env, nullptr, "copy: a, b (or null) and to must be Float32Arrays of one length");
  return fits;
}

napi_value kinds(napi_env env, napi_callback_info info) {
  const auto values = arguments_of<3>(env, info);
  Traffic traffic;
  if (!read_traffic(env, values.data(), &traffic)) return nullptr;
  napi_value names;
  napi_create_array(env, &names);
  uint32_t count = 0;
  for (const CopyKind kind : kCopyKinds) {
    if (!can_copy(kind, traffic)) continue;
    napi_value name;
    napi_create_string_utf8(env, name_of(kind), NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, count++, name);
  }
  return names;
}

// Room for the name of a kind and the zero after it. The longest name, store_non_temporal, has 18 letters.
constexpr size_t kNameBytes = 64;

// `kind`: an index of kCopyKinds is too easily mistaken; the name is looked up.
bool read_kind(napi_env env, napi_value value, CopyKind* kind) {
  char text[kNameBytes] = {};
  napi_get_value_string_utf8(env, value, text, sizeof text, nullptr);
  for (const CopyKind candidate : kCopyKinds) {
    if (std::string_view(name_of(candidate)) == text) return *kind = candidate, true;
  }
  napi_throw_error(env, nullptr, "copy: no such kind");
  return false;
}

napi_value time(napi_env env, napi_callback_info info) {
  const auto values = arguments_of<6>(env, info);
  CopyKind kind;
  Traffic traffic;
  if (!read_kind(env, values[0], &kind) || !read_traffic(env, values.data() + 1, &traffic)) return nullptr;
  int32_t threads = 1;
  uint32_t passes = 1;
  napi_get_value_int32(env, values[4], &threads);
  napi_get_value_uint32(env, values[5], &passes);
  napi_value result;
  napi_create_double(env, evenkeel::bench::time_copy(kind, traffic, threads, passes), &result);
  return result;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "kinds", NAPI_AUTO_LENGTH, kinds, nullptr, &function);
  napi_set_named_property(env, exports, "kinds", function);
  napi_create_function(env, "time", NAPI_AUTO_LENGTH, time, nullptr, &function);
  napi_set_named_property(env, exports, "time", function);
  return exports;
}
