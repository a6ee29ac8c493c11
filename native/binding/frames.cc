#include "binding/frames.h"

#include <new>
#include <vector>

#include "base/float_environment.h"
#include "binding/exports.h"
#include "binding/passes.h"

namespace evenkeel {

namespace {

// Frames that an environment keeps at most, about 200 bytes each: the kept passes of a thousand layers. A program with
// more layers than that looks its arrays up again, as a first call does.
constexpr size_t kMostFrames = 4096;

// A kept pass, and the number of the frame that it is kept for; 0: none.
struct Kept {
  int64_t frame = 0;
  Pass pass;
};

// The frames of one environment; Node frees them with it. They lie in a ring: a new frame takes the place of the
// oldest one, whose owner then finds that it is gone.
struct Frames {
  std::vector<Kept> ring;
  int64_t last = 0;

  // Numbers below 2^53, which no program comes to.
  int64_t add() {
    if (ring.size() < kMostFrames) ring.emplace_back();
    ++last;
    Kept& kept = place(last);
    kept.frame = last;
    kept.pass = Pass{};
    return last;
  }

  // Null where the frame is gone.
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

// The frame of argument i; null where it is gone, or was never there.
Pass* frame_of(napi_env env, napi_value number) {
  int64_t frame = 0;
  if (napi_get_value_int64(env, number, &frame) != napi_ok) return nullptr;
  return frames_of(env)->find(frame);
}

// What a call over a frame that is gone returns; undefined otherwise.
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

// Any pass; the frame comes last.
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

// Straight to Node-API: this is the call that must cost nothing.
napi_value again(napi_env env, napi_callback_info info) {
  napi_value number;
  size_t count = 1;
  if (napi_get_cb_info(env, info, &count, &number, nullptr, nullptr) != napi_ok) return nullptr;
  const Pass* kept = frame_of(env, number);
  return kept ? run(env, *kept) : gone(env);
}

// The most data that a pass has.
constexpr size_t kMostData = 3;

// Takes the data that are given, behind the frame, into the pass; all of them, or none.
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
