// The passes on a thread of libuv's pool.
#pragma once

#include <node_api.h>

namespace evenkeel {

// forwardAsync(...the arguments of forward, held): a promise of undefined. `held` is an ArrayBuffer that keeps the
// memory of all arrays (binding/memory.cc); it is detached, which lets go of them, when the pass is done.
napi_value forward_async_call(napi_env env, napi_callback_info info);

// backwardAsync(...the arguments of backward, held)
napi_value backward_async_call(napi_env env, napi_callback_info info);

}  // namespace evenkeel
