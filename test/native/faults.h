// What goes wrong in a test build of the addon when a test asks for it (CMakeLists.txt, target evenkeel_addon).
#pragma once

#include <napi.h>

namespace evenkeel {

// Adds to the addon's exports
//   failAllocation(n): the n-th allocation of the addon from now on fails, on whatever thread; 0: none does. Returns
//   how
//     many were still to come of the n before: 0 where that allocation has failed, or none was to
//   cancelNext(): the next asynchronous call is cancelled as soon as it is queued, if it has not begun
void export_faults(Napi::Object exports);

}  // namespace evenkeel
