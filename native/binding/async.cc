#include "binding/async.h"

#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/float_environment.h"
#include "binding/exports.h"
#include "binding/memory.h"
#include "binding/passes.h"

namespace evenkeel {

namespace {

constexpr char kBackendCode[] = "EVENKEEL_BACKEND";
constexpr char kCancelled[] = "evenkeel: an asynchronous call was cancelled before it began; nothing was written.";

// One asynchronous call of a pass. Node waits for it before an environment ends (a terminated worker, process.exit()).
// So nothing here outlives what it points to.
class Job {
 public:
  Job(napi_env env, std::vector<Memory> memory, const Pass& pass)
      : env_(env), memory_(std::move(memory)), pass_(pass) {}
  ~Job() {
    if (work_) napi_delete_async_work(env_, work_);
  }
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // Starts `job` and returns its promise. The job deletes itself when the promise is settled. If the job cannot start,
  // throws a JavaScript exception and returns null.
  static napi_value start(napi_env env, std::unique_ptr<Job> job);

 private:
  static void execute(napi_env env, void* data);
  static void complete(napi_env env, napi_status status, void* data);
  void settle();
  void reject(const char* why);

  const napi_env env_;
  const std::vector<Memory> memory_;
  const Pass pass_;
  napi_async_work work_ = nullptr;
  napi_deferred deferred_ = nullptr;
  bool no_memory_ = false;
};

napi_value Job::start(napi_env env, std::unique_ptr<Job> job) {
  napi_value name;
  napi_value promise;
  const bool started =
      napi_create_string_utf8(env, "evenkeel", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_async_work(env, nullptr, name, execute, complete, job.get(), &job->work_) == napi_ok &&
      napi_create_promise(env, &job->deferred_, &promise) == napi_ok &&
      napi_queue_async_work(env, job->work_) == napi_ok;
  if (!started) {
    napi_throw_error(env, kBackendCode, "evenkeel: an asynchronous call could not start.");
    return nullptr;
  }
  job.release();
  return promise;
}

// Runs on a thread of libuv's pool.
void Job::execute(napi_env, void* data) {
  auto* job = static_cast<Job*>(data);
  const FloatEnvironment plain;
  try {
    job->pass_.run();
  } catch (const std::bad_alloc&) {
    job->no_memory_ = true;
  }
}

// Runs on the thread that made the call. It also runs when the environment ends, which then runs no JavaScript. Calls
// to Node-API may fail then, and their failures are ignored.
void Job::complete(napi_env, napi_status status, void* data) {
  const std::unique_ptr<Job> job(static_cast<Job*>(data));
  if (status == napi_ok) {
    job->settle();
  } else {
    job->reject(kCancelled);
  }
}

void Job::settle() {
  napi_value result;
  if (no_memory_) return reject(kNoMemory);
  if (napi_get_undefined(env_, &result) == napi_ok) napi_resolve_deferred(env_, deferred_, result);
}

void Job::reject(const char* why) {
  napi_value code;
  napi_value message;
  napi_value error;
  if (napi_create_string_utf8(env_, kBackendCode, NAPI_AUTO_LENGTH, &code) == napi_ok &&
      napi_create_string_utf8(env_, why, NAPI_AUTO_LENGTH, &message) == napi_ok &&
      napi_create_error(env_, code, message, &error) == napi_ok) {
    napi_reject_deferred(env_, deferred_, error);
  }
}

std::vector<Memory> memory_of_arrays(napi_env env, const Arguments& arguments, size_t count) {
  std::vector<Memory> memory;
  memory.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    if (Memory kept = memory_of(env, arguments.value(i))) memory.push_back(std::move(kept));
  }
  return memory;
}

// Starts any pass.
napi_value start_pass(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  const auto& type = arguments.data<PassType>();
  arguments.expect(type.arguments());
  const Pass pass = read_pass(&arguments, type);
  if (!arguments.ok()) return arguments.finish();
  try {
    auto memory = memory_of_arrays(env, arguments, type.arguments());
    return Job::start(env, std::make_unique<Job>(env, std::move(memory), pass));
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, kBackendCode, kNoMemory);
    return nullptr;
  }
}

}  // namespace

bool export_async(napi_env env, napi_value exports) {
  if (!can_keep_memory(env)) return true;
  for (const PassType& type : kPassTypes) {
    if (!export_function(env, exports, type.async_name, start_pass, &type)) return false;
  }
  return true;
}

}  // namespace evenkeel
