#include "binding/frames.h"

#include <new>
#include <unordered_map>
#include <variant>

#include "binding/exports.h"
#include "binding/passes.h"
#include "runtime/float_environment.h"

namespace evenkeel {

namespace {

struct NoPass {
  void run() const {}
};
using KeptPass =
    std::variant<NoPass, ForwardPass<float>, ForwardPass<double>, BackwardPass<float>, BackwardPass<double>>;

// Those of one environment; Node frees them with it.
struct Frames {
  std::unordered_map<uint32_t, KeptPass> passes;
  uint32_t last = 0;

  // After four thousand million frames the numbers begin again; those in use are left out.
  uint32_t add() {
    do ++last;
    while (passes.count(last) != 0);
    passes.emplace(last, NoPass{});
    return last;
  }
};

napi_value throw_no_memory(napi_env env) {
  napi_throw_error(env, kNoMemoryCode, kNoMemory);
  return nullptr;
}

napi_value throw_no_frame(napi_env env) {
  napi_throw_type_error(env, "EVENKEEL_BUFFER", "an argument is no frame of this environment");
  return nullptr;
}

Frames* frames_of(napi_env env) {
  void* frames = nullptr;
  napi_get_instance_data(env, &frames);
  return static_cast<Frames*>(frames);
}

KeptPass* find(napi_env env, uint32_t frame) {
  auto& passes = frames_of(env)->passes;
  const auto found = passes.find(frame);
  return found == passes.end() ? nullptr : &found->second;
}

napi_value run(napi_env env, const KeptPass& kept) {
  try {
    const FloatEnvironment plain;
    std::visit([](const auto& pass) { pass.run(); }, kept);
    return nullptr;
  } catch (const std::bad_alloc&) {
    return throw_no_memory(env);
  }
}

napi_value new_frame(napi_env env, napi_callback_info) {
  napi_value number;
  try {
    const uint32_t frame = frames_of(env)->add();
    return napi_create_uint32(env, frame, &number) == napi_ok ? number : nullptr;
  } catch (const std::bad_alloc&) {
    return throw_no_memory(env);
  }
}

napi_value delete_frame(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 1);
  const uint32_t frame = arguments.index(0, UINT32_MAX);
  if (arguments.ok()) frames_of(env)->passes.erase(frame);
  return arguments.finish();
}

template <template <typename> class Pass>
napi_value keep_and_run(napi_env env, napi_callback_info info) {
  constexpr size_t kFrame = Pass<float>::kArguments;
  Arguments arguments(env, info, kFrame + 1);
  const uint32_t frame = arguments.index(kFrame, UINT32_MAX);
  if (!arguments.ok()) return arguments.finish();
  KeptPass* kept = find(env, frame);
  if (!kept) return throw_no_frame(env);
  read_pass<Pass>(&arguments, [&](const auto& pass) { *kept = pass; });
  return arguments.ok() ? run(env, *kept) : arguments.finish();
}

// Straight to Node-API: this is the call that must cost nothing.
napi_value again(napi_env env, napi_callback_info info) {
  napi_value number;
  size_t count = 1;
  uint32_t frame;
  const bool called = napi_get_cb_info(env, info, &count, &number, nullptr, nullptr) == napi_ok &&
                      napi_get_value_uint32(env, number, &frame) == napi_ok;
  const KeptPass* kept = called ? find(env, frame) : nullptr;
  return kept ? run(env, *kept) : throw_no_frame(env);
}

void renew_arrays(Arguments*, NoPass*) {}

template <typename T>
void renew_arrays(Arguments* arguments, ForwardPass<T>* pass) {
  const size_t size = pass->plan.size();
  const T* x = arguments->optional_array<T>(1, size);
  T* y = arguments->optional_array<T>(2, size);
  if (!arguments->ok()) return;
  if (x) pass->io.x = x;
  if (y) pass->io.y = y;
}

template <typename T>
void renew_arrays(Arguments* arguments, BackwardPass<T>* pass) {
  const size_t size = pass->plan.size();
  const T* dy = arguments->optional_array<T>(1, size);
  const T* x = arguments->optional_array<T>(2, size);
  T* dx = arguments->optional_array<T>(3, size);
  if (!arguments->ok()) return;
  if (dy) pass->io.dy = dy;
  if (x) pass->io.x = x;
  if (dx) pass->io.dx = dx;
}

napi_value renew(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 4);
  const uint32_t frame = arguments.index(0, UINT32_MAX);
  if (!arguments.ok()) return arguments.finish();
  KeptPass* kept = find(env, frame);
  if (!kept) return throw_no_frame(env);
  std::visit([&](auto& pass) { renew_arrays(&arguments, &pass); }, *kept);
  return arguments.ok() ? run(env, *kept) : arguments.finish();
}

}  // namespace

bool export_frames(napi_env env, napi_value exports) {
  auto* frames = new (std::nothrow) Frames;
  const auto free_frames = [](napi_env, void* data, void*) { delete static_cast<Frames*>(data); };
  if (!frames || napi_set_instance_data(env, frames, free_frames, nullptr) != napi_ok) return false;
  return export_function(env, exports, "newFrame", new_frame) &&
         export_function(env, exports, "deleteFrame", delete_frame) &&
         export_function(env, exports, "forwardKept", keep_and_run<ForwardPass>) &&
         export_function(env, exports, "backwardKept", keep_and_run<BackwardPass>) &&
         export_function(env, exports, "again", again) && export_function(env, exports, "renew", renew);
}

}  // namespace evenkeel
