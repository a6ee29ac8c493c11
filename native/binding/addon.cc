// The only N-API: raw, because a typed array costs twice as much through the C++ wrapper. src/backend/native.ts calls
// it.

#include <node_api.h>

#include <new>

#include "binding/arguments.h"
#include "core/pass.h"
#include "runtime/cache.h"
#include "runtime/dispatch.h"
#include "runtime/float_environment.h"
#include "runtime/parallel.h"

namespace evenkeel {

namespace {

// More threads than any machine profits from; src/backend/native.ts says so before.
constexpr uint32_t kMaxThreads = 1024;

// isas(): the names of the instruction sets that this CPU runs, best first.
napi_value isas(napi_env env, napi_callback_info) {
  const IsaList& list = available_isas();
  napi_value names;
  if (napi_create_array(env, &names) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < list.count; ++i) {
    napi_value name;
    if (napi_create_string_utf8(env, list.isas[i]->name, NAPI_AUTO_LENGTH, &name) != napi_ok) return nullptr;
    if (napi_set_element(env, names, i, name) != napi_ok) return nullptr;
  }
  return names;
}

template <typename T>
void run_forward(Arguments* arguments, const Plan& plan, const Isa& isa) {
  const ForwardBuffers<T> io{arguments->array<T>(2, plan.size()),
                             arguments->array<T>(3, plan.size()),
                             arguments->optional_array<T>(4, plan.affine_length()),
                             arguments->optional_array<T>(5, plan.affine_length()),
                             arguments->array<double>(6, plan.slots()),
                             arguments->array<double>(7, plan.slots())};
  if (arguments->ok()) forward(plan, kernels_of<T>(isa), io);
}

template <typename T>
void run_backward(Arguments* arguments, const Plan& plan, const Isa& isa) {
  const BackwardBuffers<T> io{arguments->array<T>(2, plan.size()),
                              arguments->array<T>(3, plan.size()),
                              arguments->array<T>(4, plan.size()),
                              arguments->optional_array<T>(5, plan.affine_length()),
                              arguments->array<double>(6, plan.slots()),
                              arguments->array<double>(7, plan.slots()),
                              arguments->optional_array<T>(8, plan.affine_length()),
                              arguments->optional_array<T>(9, plan.affine_length())};
  if (arguments->ok()) backward(plan, kernels_of<T>(isa), io);
}

// Arguments 0 and 1 of either pass are the instruction set and the plan; no C++ exception leaves it.
template <typename Run32, typename Run64>
napi_value run_pass(napi_env env, napi_callback_info info, size_t expected, Run32 run32, Run64 run64) {
  Arguments arguments(env, info, expected);
  const IsaList& list = available_isas();
  const uint32_t isa = arguments.index(0, static_cast<uint32_t>(list.count));
  const Plan plan = arguments.plan(1);
  if (!arguments.ok()) return arguments.finish();
  const FloatEnvironment plain;
  try {
    if (plan.float64) {
      run64(&arguments, plan, *list.isas[isa]);
    } else {
      run32(&arguments, plan, *list.isas[isa]);
    }
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, "EVENKEEL_BACKEND", "evenkeel: no memory left for temporaries; nothing was written.");
    return nullptr;
  }
  return arguments.finish();
}

// forward(isa, descriptor, x, y, weight, bias, mean, variance)
napi_value forward_call(napi_env env, napi_callback_info info) {
  return run_pass(env, info, 8, run_forward<float>, run_forward<double>);
}

// backward(isa, descriptor, dy, x, dx, weight, mean, variance, dweight, dbias)
napi_value backward_call(napi_env env, napi_callback_info info) {
  return run_pass(env, info, 10, run_backward<float>, run_backward<double>);
}

napi_value threads_call(napi_env env, napi_callback_info) {
  napi_value count;
  return napi_create_int32(env, thread_count(), &count) == napi_ok ? count : nullptr;
}

// setThreads(count)
napi_value set_threads_call(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 1);
  const uint32_t count = arguments.index(0, kMaxThreads + 1);
  if (arguments.ok() && count > 0) set_thread_count(static_cast<int>(count));
  return arguments.finish();
}

// setBytesPerThread(bytes): for tests
napi_value set_bytes_per_thread_call(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 1);
  const uint32_t bytes = arguments.index(0, UINT32_MAX);
  if (arguments.ok()) set_bytes_per_worker(bytes);
  return arguments.finish();
}

// setCacheBytes(bytes): for tests; 0 asks the machine
napi_value set_cache_bytes_call(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 1);
  const uint32_t bytes = arguments.index(0, UINT32_MAX);
  if (arguments.ok()) set_cache_bytes(bytes);
  return arguments.finish();
}

bool export_function(napi_env env, napi_value exports, const char* name, napi_callback call) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

}  // namespace

}  // namespace evenkeel

NAPI_MODULE_INIT() {
  using namespace evenkeel;
  const bool exported = export_function(env, exports, "isas", isas) &&
                        export_function(env, exports, "forward", forward_call) &&
                        export_function(env, exports, "backward", backward_call) &&
                        export_function(env, exports, "threads", threads_call) &&
                        export_function(env, exports, "setThreads", set_threads_call) &&
                        export_function(env, exports, "setBytesPerThread", set_bytes_per_thread_call) &&
                        export_function(env, exports, "setCacheBytes", set_cache_bytes_call);
  return exported ? exports : nullptr;
}
