#include "faults.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

#include "binding/arguments.h"
#include "binding/exports.h"

namespace {

std::atomic<uint32_t> allocations_left{0};
std::atomic<bool> cancels_next{false};

void fail_if_it_is_time() {
  uint32_t left = allocations_left.load();
  while (left > 0 && !allocations_left.compare_exchange_weak(left, left - 1)) continue;
  if (left == 1) throw std::bad_alloc();
}

}  // namespace

// The linker's --wrap=NAME sends the addon's calls of NAME to __wrap_NAME, and __real_NAME to the function itself.
extern "C" {

void* __real__Znwm(size_t bytes);
void* __wrap__Znwm(size_t bytes) {
  fail_if_it_is_time();
  return __real__Znwm(bytes);
}

void* __real__ZnwmSt11align_val_t(size_t bytes, std::align_val_t alignment);
void* __wrap__ZnwmSt11align_val_t(size_t bytes, std::align_val_t alignment) {
  fail_if_it_is_time();
  return __real__ZnwmSt11align_val_t(bytes, alignment);
}

// evenkeel::scratch_acquire: a block that was kept by its thread needs no allocation, and must be able to fail too.
void* __real__ZN8evenkeel15scratch_acquireEmPm(size_t bytes, size_t* capacity);
void* __wrap__ZN8evenkeel15scratch_acquireEmPm(size_t bytes, size_t* capacity) {
  fail_if_it_is_time();
  return __real__ZN8evenkeel15scratch_acquireEmPm(bytes, capacity);
}

napi_status __real_napi_queue_async_work(napi_env env, napi_async_work work);
napi_status __wrap_napi_queue_async_work(napi_env env, napi_async_work work) {
  const napi_status queued = __real_napi_queue_async_work(env, work);
  if (queued == napi_ok && cancels_next.exchange(false)) napi_cancel_async_work(env, work);
  return queued;
}

}  // extern "C"

namespace evenkeel {

namespace {

Napi::Value fail_allocation(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), allocations_left.exchange(only_number(info, UINT32_MAX)));
}

void cancel_next(const Napi::CallbackInfo&) { cancels_next = true; }

}  // namespace

void export_faults(Napi::Object exports) {
  export_function<fail_allocation>(exports, "failAllocation");
  export_function<cancel_next>(exports, "cancelNext");
}

}  // namespace evenkeel
