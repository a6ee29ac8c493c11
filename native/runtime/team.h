// The process's one team of threads. They take parts of a job as they come: whoever is late finds less to do, so that a
// sleeping thread never holds up a call.
#pragma once

#include <cstddef>

namespace evenkeel {

// Part `part` of a job, run by `worker` (0: the caller); each part runs once, a worker runs one at a time.
using PartBody = void (*)(const void* context, size_t part, size_t worker);

// Runs parts [0, parts) on the caller and up to `workers` - 1 threads of the team; returns when all have run. False,
// and nothing has run, where the team is busy with another caller's job, or there is no memory for it.
bool run_on_team(size_t parts, size_t workers, PartBody body, const void* context) noexcept;

}  // namespace evenkeel
