// The errors that the addon throws. Like those of src/errors.ts, each has a code.
#pragma once

#include <napi.h>

namespace evenkeel {

template <typename Kind>
Kind error_of(Napi::Env env, const char* code, const char* message) {
  Kind error = Kind::New(env, message);
  error.Set("code", code);
  return error;
}

// The arguments of a call are wrong.
inline Napi::TypeError argument_error(Napi::Env env, const char* problem) {
  return error_of<Napi::TypeError>(env, "EVENKEEL_BUFFER", problem);
}

// A call cannot run.
inline Napi::Error backend_error(Napi::Env env, const char* message) {
  return error_of<Napi::Error>(env, "EVENKEEL_BACKEND", message);
}

inline Napi::Error no_memory(Napi::Env env) {
  return backend_error(env,
                       "evenkeel: no memory left for temporaries; of the result a part may be written, nothing else.");
}

}  // namespace evenkeel
