// Exports functions from the addon. A C++ exception in one of them becomes a JavaScript exception.
#pragma once

#include <napi.h>

#include <new>

#include "binding/errors.h"

namespace evenkeel {

// Runs `call`. A failed allocation becomes an error that says so.
template <typename Call>
auto with_memory(Napi::Env env, Call call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    throw no_memory(env);
  }
}

template <auto kCall>
auto exported(const Napi::CallbackInfo& info) {
  return with_memory(info.Env(), [&] { return kCall(info); });
}

template <napi_callback kCall>
napi_value exported_raw(napi_env env, napi_callback_info info) {
  try {
    return with_memory(env, [&] { return kCall(env, info); });
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
    return nullptr;
  }
}

// Adds a function to the exports of the addon. It finds `data` in the arguments of its calls.
template <auto kCall>
void export_function(Napi::Object exports, const char* name, const void* data = nullptr) {
  exports.Set(name, Napi::Function::New<exported<kCall>>(exports.Env(), name, const_cast<void*>(data)));
}

// The same for a function that is called in each pass. It gets its arguments by the C interface, because the wrapper's
// CallbackInfo takes 7 ns, and 14 ns if a call has more than six arguments (docs/decisions/0023).
template <napi_callback kCall>
void export_raw_function(Napi::Object exports, const char* name, const void* data = nullptr) {
  napi_value function;
  const napi_status created = napi_create_function(exports.Env(), name, NAPI_AUTO_LENGTH, exported_raw<kCall>,
                                                   const_cast<void*>(data), &function);
  NAPI_THROW_IF_FAILED_VOID(exports.Env(), created);
  exports.Set(name, function);
}

}  // namespace evenkeel
