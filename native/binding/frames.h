// Prepared calls: a pass is kept under a number, with the addresses of its arrays, and run again without looking them
// up (docs/decisions/0008). Whoever runs it again must know that the arrays are alive and as long as they were:
// src/backend/native/cached-calls.ts, the only caller, holds and measures them.
#pragma once

#include <node_api.h>

namespace evenkeel {

// Adds to the addon's exports
//   newFrame(): a number, of this thread's environment only; never that of an earlier frame
//   forwardKept(...the arguments of forward, frame) and its like, for each pass
//   again(frame): runs the pass that is kept
//   renew(frame, first, second, third): the same with other data, in the order of the pass's operands; null: as before
// All but the first return true, and do nothing, where the frame is gone: only so many are kept. Nothing frees a frame:
// layers that are made in a loop would wait for a turn of the event loop, and hold their memory until then.
// True unless Node-API failed.
bool export_frames(napi_env env, napi_value exports);

}  // namespace evenkeel
