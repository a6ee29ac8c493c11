// Keeps the memory of typed arrays, whatever becomes of their buffers. Node-API can keep an array, but not its memory,
// which goes when the array's buffer is transferred (docs/decisions/0009).
#pragma once

#include <node_api.h>

#include <memory>

namespace evenkeel {

// A share in an array's memory, which is not freed before the last share is dropped; on any thread.
using Memory = std::shared_ptr<void>;

// Whether this runtime lets us keep memory. Found out at the first call.
bool can_keep_memory(napi_env env);

// A share in the memory under a typed array; null for any other value. Only where can_keep_memory().
Memory memory_of(napi_env env, napi_value array);

}  // namespace evenkeel
