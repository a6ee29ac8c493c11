// Temporaries for the replay, in place of runtime/scratch.cc's, which would hide what kernels do wrong with them: here
// each block is new, holds NaN, and ends where it was asked to end, before a poisoned rest or a page that may not be
// read.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "guarded.h"

using evenkeel::test::Pages;

namespace {

constexpr size_t kCacheLine = 64;

// Beside the block's pages, how to give them back.
struct Header {
  Pages* pages;
};

}  // namespace

// The linker's --wrap=NAME sends the library's calls of NAME to __wrap_NAME.
extern "C" {

// evenkeel::scratch_acquire
void* __wrap__ZN8evenkeel15scratch_acquireEmPm(size_t bytes, size_t* capacity) {
  const size_t rounded = (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
  auto* pages = new Pages(rounded + kCacheLine);
  char* block = pages->end() - rounded;
  new (block - sizeof(Header)) Header{pages};
  // All bits set are a NaN, of either type.
  std::memset(block, 0xff, rounded);
  evenkeel::test::poison(block + bytes, pages->end());
  *capacity = bytes;
  return block;
}

// evenkeel::scratch_release
void __wrap__ZN8evenkeel15scratch_releaseEPvm(void* block, size_t) {
  delete reinterpret_cast<Header*>(static_cast<char*>(block) - sizeof(Header))->pages;
}

}  // extern "C"
