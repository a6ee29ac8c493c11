// Prepared calls: a pass is kept under a number, with the addresses of its arrays, and run again without looking them
// up (docs/decisions/0008). Whoever runs it again must know that the arrays are alive and as long as they were:
// src/backend/prepared.ts, the only caller, holds and measures them.
#pragma once

#include <node_api.h>

namespace evenkeel {

// Adds to the addon's exports
//   newFrame(): a number, of this thread's environment only; never that of an earlier frame
//   deleteFrame(frame)
//   forwardKept(...the arguments of forward, frame), backwardKept(...the arguments of backward, frame)
//   again(frame): runs the pass that is kept
//   renew(frame, to, from, saved): the same with another y or dx; and another x or dy, where `from` is not null; and
//     another x of a backward pass, where `saved` is not null
// True unless Node-API failed.
bool export_frames(napi_env env, napi_value exports);

}  // namespace evenkeel
