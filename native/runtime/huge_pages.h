// Fresh memory comes in pages, each cleared when it is first touched: of 4 KiB at 0.8 ns per byte, of 2 MiB at a fifth.
#pragma once

#include <cstddef>

namespace evenkeel {

// Asks the system for huge pages in memory that has not been touched yet. Only a hint: without effect where there are
// none.
void advise_huge_pages(void* data, size_t bytes) noexcept;

}  // namespace evenkeel
