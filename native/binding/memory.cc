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

GetBackingStore function_for(const V8& v8, const Napi::Value& buffer) {
  return buffer.IsArrayBuffer() ? v8.of_buffer : v8.of_shared_buffer;
}

bool is_slot(napi_value value) {
  const auto address = reinterpret_cast<uintptr_t>(value);
  if (address % alignof(void*) != 0) return false;
  // V8 tags a pointer to an object with 01 in its two low bits.
  return (*reinterpret_cast<const uintptr_t*>(address) & 3) == 1;
}

// Gets the memory of `array` as memory_of() does, and returns whether the result is right.
bool keeps(const V8& v8, const Napi::Uint8Array& array) {
  const Napi::Value buffer = array.Buffer();
  const napi_value slot = buffer;
  if (!is_slot(slot)) return false;
  // If a future version of the function does not return a shared_ptr, it takes the address of the result as `self`. It
  // then finds the buffer there too, and does not change it.
  alignas(Memory) void* volatile place[2] = {*reinterpret_cast<void**>(slot), nullptr};
  static_assert(sizeof place == sizeof(Memory));
  void* const before = place[0];
  const Memory* memory = new (const_cast<void**>(place)) Memory(function_for(v8, buffer)(slot));
  if (place[0] == before || place[1] == nullptr) return false;
  // The owners must be two: the buffer and `memory`. If the count differs, another C++ library counts the owners in
  // another way. Then the share cannot be dropped safely, and is kept.
  if (memory->use_count() != 2 || v8.data(memory->get()) != array.Data()) return false;
  memory->~Memory();
  return true;
}

// new Type(argument), where Type is a class in the global object.
Napi::Object create(Napi::Env env, const char* type, napi_value argument) {
  return env.Global().Get(type).As<Napi::Function>().New({argument});
}

bool keeps_buffer(const V8& v8, Napi::Env env, const char* type) {
  constexpr uint32_t kBytes = 64;
  const Napi::Object buffer = create(env, type, Napi::Number::New(env, kBytes));
  return keeps(v8, create(env, "Uint8Array", buffer).As<Napi::Uint8Array>());
}

struct Found {
  V8 v8;
  bool trusted;
};

const Found& found(Napi::Env env) {
  static const Found found = [env] {
    Found found{};
    try {
      found.trusted = find_functions(&found.v8) && keeps_buffer(found.v8, env, "ArrayBuffer") &&
                      keeps_buffer(found.v8, env, "SharedArrayBuffer");
    } catch (const Napi::Error&) {
      // A program may have removed the classes from the global object. The addon must load all the same.
    }
    return found;
  }();
  return found;
}

}  // namespace

bool can_keep_memory(Napi::Env env) { return found(env).trusted; }

// By the C interface, because the wrapper asks three times for what napi_get_typedarray_info tells at once: 0.6 of the
// 25 us of an asynchronous call (docs/decisions/0023).
Memory memory_of(const Napi::Value& array) {
  napi_value buffer;
  const napi_status status = napi_get_typedarray_info(array.Env(), array, nullptr, nullptr, nullptr, &buffer, nullptr);
  if (status != napi_ok) return nullptr;
  return function_for(found(array.Env()).v8, Napi::Value(array.Env(), buffer))(buffer);
}

}  // namespace evenkeel
