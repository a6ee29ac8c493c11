// Cached calls. A frame keeps a pass with the addresses of its arrays under a number. The pass can run again, and the
// arrays are not looked up again (docs/decisions/0008). The caller must make sure that the arrays are alive and have
// the same lengths. The only caller, src/backend/native/cached-calls.ts, holds the arrays and checks their lengths.
#pragma once

#include <napi.h>

namespace evenkeel {

// Adds these functions to the exports of the addon:
//   newFrame(): a new number, valid in this thread's environment only; no number is used twice
//   forwardKept(...the arguments of forward, frame): runs the pass and keeps it; likewise for the other passes
//   again(frame): runs the kept pass
//   renew(frame, first, second, third): runs the kept pass with other data, in the order of the pass's operands. null:
//   the data stays the same.
// All but newFrame return true, and do nothing, if the frame is gone, because the number of frames is limited. No
// function frees a frame. A layer would have to do that in a finalizer, which runs in a later turn of the event loop;
// layers that are made in a loop would keep their memory until then.
void export_frames(Napi::Object exports);

}  // namespace evenkeel
