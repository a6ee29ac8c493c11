// The only use of V8's interface. Its functions are found at run time by the names that Node exports, and are tested on
// buffers made here before they are used. So one binary works with all versions of Node, and with runtimes without V8.

#include "binding/memory.h"

#if !defined(_WIN32)
#include <dlfcn.h>
#endif

#include <cstdint>
#include <new>

namespace evenkeel {

namespace {

// std::shared_ptr<v8::BackingStore> v8::ArrayBuffer::GetBackingStore(), and the same of SharedArrayBuffer. `self` is a
// handle slot, which points to the buffer. A v8::Local is such a slot, and so is Node's napi_value. In the Itanium C++
// ABI (all compilers but Visual C++), a method is called like a function whose first argument is `this`, and shared_ptr
// has the same layout for all types.
using GetBackingStore = Memory (*)(void* self);
// void* v8::BackingStore::Data() const
using Data = void* (*)(const void* self);

struct V8 {
  GetBackingStore of_buffer;
  GetBackingStore of_shared_buffer;
  Data data;
};

#if defined(_WIN32)

bool find_functions(V8*) { return false; }

#else

template <typename Function>
bool find(const char* name, Function* function) {
  *function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
  return *function != nullptr;
}

bool find_functions(V8* v8) {
  // Only Node exports node::Start(int, char**). Bun exports functions with V8's names that take other values.
  void* (*node)() = nullptr;
  return find("_ZN4node5StartEiPPc", &node) && find("_ZN2v811ArrayBuffer15GetBackingStoreEv", &v8->of_buffer) &&
         find("_ZN2v817SharedArrayBuffer15GetBackingStoreEv", &v8->of_shared_buffer) &&
         find("_ZNK2v812BackingStore4DataEv", &v8->data);
}

#endif

struct View {
  napi_value buffer;
  void* data;
};

bool view_of(napi_env env, napi_value array, View* view) {
  bool is_array = false;
  size_t offset = 0;
  if (napi_is_typedarray(env, array, &is_array) != napi_ok || !is_array) return false;
  if (napi_get_typedarray_info(env, array, nullptr, nullptr, &view->data, &view->buffer, &offset) != napi_ok)
    return false;
  view->data = static_cast<char*>(view->data) - offset;
  return true;
}

GetBackingStore function_for(const V8& v8, napi_env env, napi_value buffer) {
  bool shared = false;
  napi_is_arraybuffer(env, buffer, &shared);
  return shared ? v8.of_buffer : v8.of_shared_buffer;
}

bool is_slot(napi_value value) {
  const auto address = reinterpret_cast<uintptr_t>(value);
  if (address % alignof(void*) != 0) return false;
  // V8 tags a pointer to an object with 01 in its two low bits.
  return (*reinterpret_cast<const uintptr_t*>(address) & 3) == 1;
}

// Gets the memory of `array` as memory_of() does, and returns whether the result is right.
bool keeps(const V8& v8, napi_env env, napi_value array) {
  View view;
  if (!view_of(env, array, &view) || !is_slot(view.buffer)) return false;
  // If a future version of the function does not return a shared_ptr, it takes the address of the result as `self`. It
  // then finds the buffer there too, and does not change it.
  alignas(Memory) void* volatile place[2] = {*reinterpret_cast<void**>(view.buffer), nullptr};
  static_assert(sizeof place == sizeof(Memory));
  void* const before = place[0];
  const Memory* memory = new (const_cast<void**>(place)) Memory(function_for(v8, env, view.buffer)(view.buffer));
  if (place[0] == before || place[1] == nullptr) return false;
  // The owners must be two: the buffer and `memory`. If the count differs, another C++ library counts the owners in
  // another way. Then the share cannot be dropped safely, and is kept.
  if (memory->use_count() != 2 || v8.data(memory->get()) != view.data) return false;
  memory->~Memory();
  return true;
}

// new Type(argument), where Type is a class in the global object.
bool create(napi_env env, const char* type, napi_value argument, napi_value* instance) {
  napi_value global, constructor;
  return napi_get_global(env, &global) == napi_ok &&
         napi_get_named_property(env, global, type, &constructor) == napi_ok &&
         napi_new_instance(env, constructor, 1, &argument, instance) == napi_ok;
}

bool keeps_buffer(const V8& v8, napi_env env, const char* type) {
  constexpr uint32_t kBytes = 64;
  napi_value bytes, buffer, array;
  return napi_create_uint32(env, kBytes, &bytes) == napi_ok && create(env, type, bytes, &buffer) &&
         create(env, "Uint8Array", buffer, &array) && keeps(v8, env, array);
}

struct Found {
  V8 v8;
  bool trusted;
};

const Found& found(napi_env env) {
  static const Found found = [env] {
    Found found{};
    found.trusted = find_functions(&found.v8) && keeps_buffer(found.v8, env, "ArrayBuffer") &&
                    keeps_buffer(found.v8, env, "SharedArrayBuffer");
    // A program may have removed the classes from the global object. The addon must load all the same.
    napi_value exception;
    bool thrown = false;
    if (napi_is_exception_pending(env, &thrown) == napi_ok && thrown)
      napi_get_and_clear_last_exception(env, &exception);
    return found;
  }();
  return found;
}

}  // namespace

bool can_keep_memory(napi_env env) { return found(env).trusted; }

Memory memory_of(napi_env env, napi_value array) {
  const V8& v8 = found(env).v8;
  View view;
  if (!view_of(env, array, &view)) return nullptr;
  return function_for(v8, env, view.buffer)(view.buffer);
}

}  // namespace evenkeel
