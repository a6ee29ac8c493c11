#pragma once

namespace evenkeel {

// Keeps this code in memory until the process ends: Node unmaps an addon when the last worker that loaded it has ended,
// and the team's threads sleep in it. On Linux the linker's -z nodelete does that.
void stay_loaded();

}  // namespace evenkeel
