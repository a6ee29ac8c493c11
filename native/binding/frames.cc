#include "binding/frames.h"

#include <new>
#include <vector>

#include "base/float_environment.h"
#include "binding/exports.h"
#include "binding/passes.h"

namespace evenkeel {

namespace {

// The most frames that an environment keeps, each about 200 bytes: the kept passes of a thousand layers. In a program
// with more layers, a call may find its frame gone. It then looks its arrays up again, as a first call does.
constexpr size_t kMostFrames = 4096;

// A kept pass, and the number of its frame. The number is 0 if there is no frame.
struct Kept {
  int64_t frame = 0;
  Pass pass;
};

// The frames of one environment. Node frees them with the environment. They form a ring: a new frame takes the place of
// the oldest one, whose owner then finds that it is gone.
struct Frames {
  std::vector<Kept> ring;
  int64_t last = 0;

  // Adds a frame and returns its number. No program makes so many frames that a number reaches 2^53.
  int64_t add() {
    if (ring.size() < kMostFrames) ring.emplace_back();
    ++last;
    Kept& kept = place(last);
    kept.frame = last;
    kept.pass = Pass{};
    return last;
  }

  // Returns null if the frame is gone.
  Pass* find(int64_t frame) {
    if (frame <= 0 || frame > last) return nullptr;
    Kept& kept = place(frame);
    return kept.frame == frame ? &kept.pass : nullptr;
  }

 private:
  Kept& place(int64_t frame) { return ring[static_cast<size_t>(frame - 1) % kMostFrames]; }
};

napi_value throw_no_memory(napi_env env) {
  napi_throw_error(env, kNoMemoryCode, kNoMemory);
  return nullptr;
}

Frames* frames_of(napi_env env) {
  void* frames = nullptr;
  napi_get_instance_data(env, &frames);
  return static_cast<Frames*>(frames);
}

// The pass of the frame with this number. Null if the frame is gone or never existed.
Pass* frame_of(napi_env env, napi_value number) {
  int64_t frame = 0;
  if (napi_get_value_int64(env, number, &frame) != napi_ok) return nullptr;
  return frames_of(env)->find(frame);
}

// The result of a call whose frame is gone: true. Otherwise a call returns undefined.
napi_value gone(napi_env env) {
  napi_value yes;
  return napi_get_boolean(env, true, &yes) == napi_ok ? yes : nullptr;
}

napi_value run(napi_env env, const Pass& kept) {
  try {
    const FloatEnvironment plain;
    kept.run();
    return nullptr;
  } catch (const std::bad_alloc&) {
    return throw_no_memory(env);
  }
}

napi_value new_frame(napi_env env, napi_callback_info) {
  napi_value number;
  try {
    const int64_t frame = frames_of(env)->add();
    return napi_create_int64(env, frame, &number) == napi_ok ? number : nullptr;
  } catch (const std::bad_alloc&) {
    return throw_no_memory(env);
  }
}

// Runs any pass and keeps it. The frame is the last argument.
napi_value keep_and_run(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const auto& type = arguments.data<PassType>();
  arguments.expect(type.arguments() + 1);
  Pass* kept = arguments.ok() ? frame_of(env, arguments.value(type.arguments())) : nullptr;
  if (arguments.ok() && !kept) return gone(env);
  const Pass pass = read_pass(&arguments, type);
  if (!arguments.ok()) return arguments.finish();
  *kept = pass;
  return run(env, pass);
}

// Calls Node-API directly, without Arguments, because this call must cost as little as possible.
napi_value again(napi_env env, napi_callback_info info) {
  napi_value number;
  size_t count = 1;
  if (napi_get_cb_info(env, info, &count, &number, nullptr, nullptr) != napi_ok) return nullptr;
  const Pass* kept = frame_of(env, number);
  return kept ? run(env, *kept) : gone(env);
}

// The most data operands that a pass has.
constexpr size_t kMostData = 3;

// Puts the given data operands, which follow the frame in the arguments, into the pass. If one of them is wrong, none
// changes.
void renew_arrays(Arguments* arguments, Pass* pass) {
  if (!pass->type) return;
  Pass renewed = *pass;
  for (size_t i = 0; i < pass->type->data(); ++i) {
    if (!arguments->is_absent(i + 1)) {
      renewed.arrays[i] = arguments->operand(i + 1, pass->plan, pass->type->operands[i]);
    }
  }
  if (arguments->ok()) *pass = renewed;
}

napi_value renew(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info, 1 + kMostData);
  Pass* kept = arguments.ok() ? frame_of(env, arguments.value(0)) : nullptr;
  if (arguments.ok() && !kept) return gone(env);
  if (kept) renew_arrays(&arguments, kept);
  return arguments.ok() ? run(env, *kept) : arguments.finish();
}

}  // namespace

bool export_frames(napi_env env, napi_value exports) {
  auto* frames = new (std::nothrow) Frames;
  const auto free_frames = [](napi_env, void* data, void*) { delete static_cast<Frames*>(data); };
  if (!frames || napi_set_instance_data(env, frames, free_frames, nullptr) != napi_ok) return false;
  for (const PassType& type : kPassTypes) {
    if (!export_function(env, exports, type.kept_name, keep_and_run, &type)) return false;
  }
  return export_function(env, exports, "newFrame", new_frame) && export_function(env, exports, "again", again) &&
         export_function(env, exports, "renew", renew);
}

}  // namespace evenkeel
