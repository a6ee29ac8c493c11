// The system clears a page of fresh memory when it is first touched. This costs 0.8 ns per byte with pages of 4 KiB,
// and a fifth of that with huge pages of 2 MiB.
#pragma once

#include <cstddef>

namespace evenkeel {

// Asks the system for huge pages in memory that has not been touched yet. This is a hint: it has no effect on systems
// without huge pages.
void advise_huge_pages(void* data, size_t bytes) noexcept;

}  // namespace evenkeel
