// The passes on a thread of libuv's pool, which keep the memory of their arrays until they are done (binding/memory.h).
#pragma once

#include <node_api.h>

namespace evenkeel {

// Adds to the addon's exports, where can_keep_memory(),
//   momentsAsync(...the arguments of moments) and its like, for each pass: a promise of undefined
// True unless Node-API failed.
bool export_async(napi_env env, napi_value exports);

}  // namespace evenkeel
