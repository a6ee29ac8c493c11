// Runs the passes on a thread of libuv's pool. A call keeps the memory of its arrays until it is done
// (binding/memory.h).
#pragma once

#include <napi.h>

namespace evenkeel {

// If can_keep_memory(), adds a function for each pass to the exports of the addon:
//   momentsAsync(...the arguments of moments): a promise of undefined; likewise for the other passes
void export_async(Napi::Object exports);

}  // namespace evenkeel
