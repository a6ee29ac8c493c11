// An addon of its own, and the only use of V8's interface: Node-API can keep an array, but not its memory, which goes
// when the array's buffer is transferred. Node loads it only into the version it was built for; without it,
// asynchronous calls run on the calling thread (src/backend/native-async.ts).

#include <node.h>

#include <memory>
#include <utility>
#include <vector>

namespace {

using Memory = std::vector<std::shared_ptr<v8::BackingStore>>;

std::shared_ptr<v8::BackingStore> memory_of(v8::Local<v8::ArrayBufferView> view) {
  const v8::Local<v8::Value> buffer = view->Buffer();
  if (buffer->IsSharedArrayBuffer()) return buffer.As<v8::SharedArrayBuffer>()->GetBackingStore();
  return buffer.As<v8::ArrayBuffer>()->GetBackingStore();
}

void let_go(void*, size_t, void* memory) { delete static_cast<Memory*>(memory); }

// hold(...arrays): an ArrayBuffer that keeps the memory of the typed arrays among its arguments until it is detached
// or collected, whatever becomes of their own buffers.
void hold(const v8::FunctionCallbackInfo<v8::Value>& call) {
  auto memory = std::make_unique<Memory>();
  void* some = nullptr;
  for (int i = 0; i < call.Length(); ++i) {
    if (!call[i]->IsArrayBufferView()) continue;
    std::shared_ptr<v8::BackingStore> store = memory_of(call[i].As<v8::ArrayBufferView>());
    if (!store->Data()) continue;
    some = store->Data();
    memory->push_back(std::move(store));
  }
  if (!some) return call.GetReturnValue().Set(v8::ArrayBuffer::New(call.GetIsolate(), 0));
  // V8 frees a buffer by its deleter: this one, of one byte that nobody reads, lets go of the memory. The byte is
  // of the memory itself, because a build with V8's sandbox takes no address outside of it.
  auto store = v8::ArrayBuffer::NewBackingStore(some, 1, let_go, memory.release());
  call.GetReturnValue().Set(v8::ArrayBuffer::New(call.GetIsolate(), std::move(store)));
}

}  // namespace

NODE_MODULE_INIT() {
  (void)module;
  (void)context;
  NODE_SET_METHOD(exports, "hold", hold);
}
