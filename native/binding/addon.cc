// The functions that the addon exports; src/backend/native calls them. Only native/binding uses Node-API. It uses the C
// interface, because a typed array costs twice as much through the C++ wrapper.

#include <node_api.h>

#include <initializer_list>
#include <new>

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

bool export_version(napi_env env, napi_value exports) {
  napi_value version;
  return napi_create_string_utf8(env, kVersion, NAPI_AUTO_LENGTH, &version) == napi_ok &&
         napi_set_named_property(env, exports, "version", version) == napi_ok;
}

// isas(): the names of the instruction sets that this build has and this CPU supports, best first.
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

// Runs any pass. No C++ exception leaves this function.
napi_value run_pass(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const auto& type = arguments.data<PassType>();
  arguments.expect(type.arguments());
  const Pass pass = read_pass(&arguments, type);
  if (!arguments.ok()) return arguments.finish();
  try {
    const FloatEnvironment plain;
    pass.run();
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, kNoMemoryCode, kNoMemory);
  }
  return nullptr;
}

bool export_passes(napi_env env, napi_value exports) {
  for (const PassType& type : kPassTypes) {
    if (!export_function(env, exports, type.name, run_pass, &type)) return false;
  }
  return true;
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

// threading(): 0 for the thread pool, 1 for OpenMP.
napi_value threading_call(napi_env env, napi_callback_info) {
  napi_value engine;
  return napi_create_uint32(env, static_cast<uint32_t>(threading()), &engine) == napi_ok ? engine : nullptr;
}

// setThreading(engine)
napi_value set_threading_call(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 1);
  const uint32_t engine = arguments.index(0, 2);
  if (arguments.ok()) set_threading(static_cast<Threading>(engine));
  return arguments.finish();
}

// openmp(): [the number of threads that it would take, what provides it, why nothing does, the remedy]. A text that
// there is not is ''.
napi_value openmp_call(napi_env env, napi_callback_info) {
  const Openmp& found = openmp();
  napi_value all, element;
  if (napi_create_array(env, &all) != napi_ok || napi_create_int32(env, found.threads, &element) != napi_ok ||
      napi_set_element(env, all, 0, element) != napi_ok)
    return nullptr;
  uint32_t at = 0;
  for (const char* text : {found.provider, found.fault, found.remedy}) {
    if (napi_create_string_utf8(env, text ? text : "", NAPI_AUTO_LENGTH, &element) != napi_ok ||
        napi_set_element(env, all, ++at, element) != napi_ok)
      return nullptr;
  }
  return all;
}

// setBytesPerThread(bytes), setCacheBytes(bytes): for tests.
template <void (*kSet)(size_t) noexcept>
napi_value set_bytes_call(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 1);
  const uint32_t bytes = arguments.index(0, UINT32_MAX);
  if (arguments.ok()) kSet(bytes);
  return arguments.finish();
}

// adviseHugePages(array): for a typed array that nothing was written to yet.
napi_value advise_huge_pages_call(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 1);
  void* data = nullptr;
  const size_t bytes = arguments.bytes(0, &data);
  if (arguments.ok()) advise_huge_pages(data, bytes);
  return arguments.finish();
}

}  // namespace

}  // namespace evenkeel

NAPI_MODULE_INIT() {
  using namespace evenkeel;
  stay_loaded();
#if defined(EVENKEEL_FAULTS)
  if (!export_faults(env, exports)) return nullptr;
#endif
  const bool exported = export_version(env, exports) && export_function(env, exports, "isas", isas) &&
                        export_passes(env, exports) && export_function(env, exports, "threads", threads_call) &&
                        export_function(env, exports, "setThreads", set_threads_call) &&
                        export_function(env, exports, "threading", threading_call) &&
                        export_function(env, exports, "setThreading", set_threading_call) &&
                        export_function(env, exports, "openmp", openmp_call) &&
                        export_function(env, exports, "setBytesPerThread", set_bytes_call<set_bytes_per_worker>) &&
                        export_function(env, exports, "adviseHugePages", advise_huge_pages_call) &&
                        export_function(env, exports, "setCacheBytes", set_bytes_call<set_cache_bytes>);
  return exported && export_async(env, exports) && export_frames(env, exports) ? exports : nullptr;
}
