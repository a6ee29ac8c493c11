// The functions that the addon exports; src/backend/native calls them. Only native/binding uses Node-API. It does so
// through node-addon-api, with errors as C++ exceptions. Only the calls of the passes read their arguments by the C
// interface: through the wrapper, forward on [8, 64] takes 0.78 us instead of 0.52 (docs/decisions/0023).

#include <napi.h>

#include <initializer_list>

#include "base/float_environment.h"
#include "binding/arguments.h"
#include "binding/async.h"
#include "binding/exports.h"
#include "binding/frames.h"
#include "binding/passes.h"
#include "binding/stay_loaded.h"
#include "isa/dispatch.h"
#include "runtime/cache.h"
#include "runtime/huge_pages.h"
#include "runtime/openmp_library.h"
#include "runtime/parallel.h"

#if defined(EVENKEEL_FAULTS)
#include "faults.h"
#endif

namespace evenkeel {

namespace {

// More threads than any machine profits from. src/backend/native/threads.ts checks the same limit first.
constexpr uint32_t kMaxThreads = 1024;

// The version of package.json; a test compares the two. native/load.cjs refuses an addon of another version.
constexpr char kVersion[] = "0.1.0";

// isas(): the names of the instruction sets that this build has and this CPU supports, best first.
Napi::Value isas(const Napi::CallbackInfo& info) {
  const IsaList& list = available_isas();
  auto names = Napi::Array::New(info.Env(), list.count);
  for (uint32_t i = 0; i < list.count; ++i) names.Set(i, list.isas[i]->name);
  return names;
}

// Runs any pass.
napi_value run_pass(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const auto& type = arguments.data<PassType>();
  arguments.expect(type.arguments());
  const Pass pass = read_pass(arguments, type);
  const FloatEnvironment plain;
  pass.run();
  return nullptr;
}

Napi::Value threads_call(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), thread_count()); }

// setThreads(count)
void set_threads_call(const Napi::CallbackInfo& info) {
  const uint32_t count = only_number(info, kMaxThreads + 1);
  if (count > 0) set_thread_count(static_cast<int>(count));
}

// threading(): 0 for the thread pool, 1 for OpenMP.
Napi::Value threading_call(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(threading()));
}

// setThreading(engine)
void set_threading_call(const Napi::CallbackInfo& info) {
  constexpr uint32_t past_last = static_cast<uint32_t>(Threading::openmp) + 1;
  set_threading(static_cast<Threading>(only_number(info, past_last)));
}

// openmp(): [the number of threads that it would take, what provides it, why nothing does, the remedy]. A missing text
// is ''.
Napi::Value openmp_call(const Napi::CallbackInfo& info) {
  const Openmp& found = openmp();
  auto all = Napi::Array::New(info.Env());
  all.Set(0u, found.threads);
  uint32_t at = 0;
  for (const char* text : {found.provider, found.fault, found.remedy}) all.Set(++at, text ? text : "");
  return all;
}

// setBytesPerThread(bytes), setCacheBytes(bytes): for tests.
template <void (*kSet)(size_t) noexcept>
void set_bytes_call(const Napi::CallbackInfo& info) {
  kSet(only_number(info, UINT32_MAX));
}

// adviseHugePages(array): for a typed array that nothing was written to yet.
void advise_huge_pages_call(const Napi::CallbackInfo& info) {
  const Napi::Value argument = only_argument(info);
  // As bytes, whatever its type.
  auto array = argument.IsTypedArray() ? argument.As<Napi::Uint8Array>() : Napi::Uint8Array();
  const napi_typedarray_type type = array.TypedArrayType();
  if (type != napi_float32_array && type != napi_float64_array)
    throw argument_error(info.Env(), "an argument is no float array");
  advise_huge_pages(array.Data(), array.ByteLength());
}

Napi::Object export_all(Napi::Env, Napi::Object exports) {
  exports.Set("version", kVersion);
  export_function<isas>(exports, "isas");
  for (const PassType& type : kPassTypes) export_raw_function<run_pass>(exports, type.name, &type);
  export_function<threads_call>(exports, "threads");
  export_function<set_threads_call>(exports, "setThreads");
  export_function<threading_call>(exports, "threading");
  export_function<set_threading_call>(exports, "setThreading");
  export_function<openmp_call>(exports, "openmp");
  export_function<set_bytes_call<set_bytes_per_worker>>(exports, "setBytesPerThread");
  export_function<set_bytes_call<set_cache_bytes>>(exports, "setCacheBytes");
  export_function<advise_huge_pages_call>(exports, "adviseHugePages");
  export_async(exports);
  export_frames(exports);
#if defined(EVENKEEL_FAULTS)
  export_faults(exports);
#endif
  return exports;
}

}  // namespace

}  // namespace evenkeel

NAPI_MODULE_INIT() {
  evenkeel::stay_loaded();
  return Napi::RegisterModule(env, exports, evenkeel::export_all);
}
