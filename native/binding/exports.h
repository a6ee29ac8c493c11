// Exports functions from the addon.
#pragma once

#include <node_api.h>

namespace evenkeel {

// Adds a function to the exports of the addon. Returns false if Node-API failed. The function finds `data` in the
// arguments of its calls.
inline bool export_function(napi_env env, napi_value exports, const char* name, napi_callback call,
                            const void* data = nullptr) {
  napi_value function;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, call, const_cast<void*>(data), &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

}  // namespace evenkeel
