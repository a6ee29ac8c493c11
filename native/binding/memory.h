// Keeps the memory of typed arrays, whatever happens to their buffers. Node-API can keep an array alive, but not its
// memory: that is lost when the array's buffer is transferred (docs/decisions/0009).
#pragma once

#include <napi.h>

#include <memory>

namespace evenkeel {

// A share in an array's memory. The memory is freed when the last share is dropped, on any thread.
using Memory = std::shared_ptr<void>;

// Whether memory can be kept on this runtime. The first call finds out.
bool can_keep_memory(Napi::Env env);

// A share in the memory of a typed array. Null for any other value. Call this only if can_keep_memory().
Memory memory_of(const Napi::Value& array);

}  // namespace evenkeel
