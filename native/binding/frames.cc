#include "binding/frames.h"

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

Frames& frames_of(Napi::Env env) { return *env.GetInstanceData<Frames>(); }

// The pass of the frame with this number. Null if the frame is gone or never existed.
Pass* frame_of(napi_env env, napi_value number) {
  int64_t frame = 0;
  if (napi_get_value_int64(env, number, &frame) != napi_ok) return nullptr;
  return frames_of(env).find(frame);
}

// The result of a call whose frame is gone: true. Otherwise a call returns undefined.
napi_value gone(napi_env env) { return Napi::Boolean::New(env, true); }

napi_value run(const Pass& kept) {
  const FloatEnvironment plain;
  kept.run();
  return nullptr;
}

Napi::Value new_frame(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(frames_of(info.Env()).add()));
}

// Runs any pass and keeps it. The frame is the last argument.
napi_value keep_and_run(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  const auto& type = arguments.data<PassType>();
  arguments.expect(type.arguments() + 1);
  Pass* kept = frame_of(env, arguments.value(type.arguments()));
  if (!kept) return gone(env);
  *kept = read_pass(arguments, type);
  return run(*kept);
}

// Without Arguments, and by the C interface, because this call must cost as little as possible. The wrapper takes 7 ns
// more, of 240 for forward on [8, 64] (docs/decisions/0023).
napi_value again(napi_env env, napi_callback_info info) {
  napi_value number;
  size_t count = 1;
  if (napi_get_cb_info(env, info, &count, &number, nullptr, nullptr) != napi_ok) return nullptr;
  const Pass* kept = frame_of(env, number);
  return kept ? run(*kept) : gone(env);
}

// The most data operands that a pass has.
constexpr size_t kMostData = 3;

// The pass with the given data operands, which follow the frame in the arguments.
Pass renewed(const Arguments& arguments, Pass pass) {
  for (size_t i = 0; i < pass.type->data(); ++i) {
    if (!arguments.is_absent(i + 1)) {
      pass.arrays[i] = arguments.operand(i + 1, pass.plan, pass.type->operands[i]);
    }
  }
  return pass;
}

napi_value renew(napi_env env, napi_callback_info info) {
  const Arguments arguments(env, info);
  arguments.expect(1 + kMostData);
  Pass* kept = frame_of(env, arguments.value(0));
  if (!kept) return gone(env);
  if (kept->type) *kept = renewed(arguments, *kept);
  return run(*kept);
}

}  // namespace

void export_frames(Napi::Object exports) {
  exports.Env().SetInstanceData(new Frames);
  for (const PassType& type : kPassTypes) export_raw_function<keep_and_run>(exports, type.kept_name, &type);
  export_function<new_frame>(exports, "newFrame");
  export_raw_function<again>(exports, "again");
  export_raw_function<renew>(exports, "renew");
}

}  // namespace evenkeel
