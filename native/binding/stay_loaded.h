// Keeps the addon loaded.
#pragma once

namespace evenkeel {

// Keeps this code in memory until the process ends. Node unmaps an addon when the last worker that loaded it has ended,
// but the threads of the thread pool still sleep in this code. On Linux the linker option -z nodelete does the same.
void stay_loaded();

}  // namespace evenkeel
