#include "binding/async.h"

#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/float_environment.h"
#include "binding/errors.h"
#include "binding/exports.h"
#include "binding/memory.h"
#include "binding/passes.h"

namespace evenkeel {

namespace {

constexpr char kCancelled[] = "evenkeel: an asynchronous call was cancelled before it began; nothing was written.";

// One asynchronous call of a pass. Node waits for it before an environment ends (a terminated worker, process.exit()).
// So nothing here outlives what it points to.
class Job final : public Napi::AsyncWorker {
 public:
  Job(Napi::Env env, std::vector<Memory> memory, const Pass& pass)
      : AsyncWorker(env, "evenkeel"), deferred_(env), memory_(std::move(memory)), pass_(pass) {}

  // Starts `job` and returns its promise. The job deletes itself when the promise is settled.
  static Napi::Promise start(std::unique_ptr<Job> job) {
    job->Queue();
    return job.release()->deferred_.Promise();
  }

 private:
  void Execute() override;
  void OnWorkComplete(Napi::Env env, napi_status status) override;

  const Napi::Promise::Deferred deferred_;
  const std::vector<Memory> memory_;
  const Pass pass_;
  bool no_memory_ = false;
};

// Runs on a thread of libuv's pool.
void Job::Execute() {
  const FloatEnvironment plain;
  try {
    pass_.run();
  } catch (const std::bad_alloc&) {
    no_memory_ = true;
  }
}

// Runs on the thread that made the call, in place of AsyncWorker's, which does not settle the promise of a call that
// was cancelled. It also runs when the environment ends, which then runs no JavaScript. Calls to Node-API may fail
// then, and their failures are ignored.
void Job::OnWorkComplete(Napi::Env env, napi_status status) {
  const std::unique_ptr<Job> self(this);
  try {
    if (status != napi_ok) {
      deferred_.Reject(backend_error(env, kCancelled).Value());
    } else if (no_memory_) {
      deferred_.Reject(no_memory(env).Value());
    } else {
      deferred_.Resolve(env.Undefined());
    }
  } catch (const Napi::Error&) {
  }
}

// Starts any pass.
Napi::Value start_pass(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Arguments arguments(env, static_cast<napi_callback_info>(info));
  const auto& type = arguments.data<PassType>();
  arguments.expect(type.arguments());
  const Pass pass = read_pass(arguments, type);
  std::vector<Memory> memory(type.arguments());
  for (size_t i = 0; i < memory.size(); ++i) memory[i] = memory_of(info[i]);
  try {
    return Job::start(std::make_unique<Job>(env, std::move(memory), pass));
  } catch (const Napi::Error&) {
    throw backend_error(env, "evenkeel: an asynchronous call could not start.");
  }
}

}  // namespace

void export_async(Napi::Object exports) {
  if (!can_keep_memory(exports.Env())) return;
  for (const PassType& type : kPassTypes) export_function<start_pass>(exports, type.async_name, &type);
}

}  // namespace evenkeel
