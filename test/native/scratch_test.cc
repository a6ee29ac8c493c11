#include "runtime/scratch.h"

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "check.h"

using evenkeel::Scratch;
using evenkeel::scratch_acquire;
using evenkeel::scratch_release;

namespace {

struct Held {
  void* data;
  size_t capacity;
};

Held acquire(size_t bytes) {
  Held held;
  held.data = scratch_acquire(bytes, &held.capacity);
  return held;
}

void release(const Held& held) { scratch_release(held.data, held.capacity); }

// Blocks are kept by thread: a new one has none yet.
template <typename Body>
void on_a_new_thread(const Body& body) {
  std::thread(body).join();
}

}  // namespace

TEST(blocks_are_aligned_and_large_enough) {
  for (size_t bytes : {0, 1, 63, 64, 65, 1000, 100000}) {
    const Held held = acquire(bytes);
    CHECK(reinterpret_cast<uintptr_t>(held.data) % 64 == 0, "bytes", bytes);
    CHECK(held.capacity >= bytes, "bytes", bytes);
    std::memset(held.data, 1, held.capacity);
    release(held);
  }
}

TEST(a_released_block_is_taken_again) {
  on_a_new_thread([] {
    const Held first = acquire(5000);
    release(first);
    const Held second = acquire(4000);
    CHECK(second.data == first.data);
    CHECK(second.capacity == first.capacity);
    release(second);
  });
}

TEST(blocks_in_use_are_apart) {
  // More of them than a thread keeps.
  constexpr size_t kCount = 40;
  std::vector<std::unique_ptr<Scratch<double>>> held;
  for (size_t i = 0; i < kCount; ++i) {
    held.push_back(std::make_unique<Scratch<double>>(10 + i));
    for (size_t j = 0; j < 10 + i; ++j) (*held[i])[j] = static_cast<double>(i);
  }
  for (size_t i = 0; i < kCount; ++i) {
    bool own = true;
    for (size_t j = 0; j < 10 + i; ++j) own = own && (*held[i])[j] == static_cast<double>(i);
    CHECK(own, "block", i);
  }
}

TEST(the_smallest_block_that_fits_is_taken) {
  on_a_new_thread([] {
    const Held large = acquire(1 << 20);
    const Held small = acquire(3000);
    release(large);
    release(small);
    const Held again = acquire(2900);
    CHECK(again.data == small.data);
    release(again);
  });
}

TEST(small_blocks_give_way_to_larger_ones) {
  on_a_new_thread([] {
    std::vector<Held> held;
    for (size_t i = 0; i < 20; ++i) held.push_back(acquire(100));
    for (const Held& block : held) release(block);
    const Held large = acquire(1 << 20);
    release(large);
    const Held again = acquire(1 << 20);
    CHECK(again.data == large.data);
    release(again);
  });
}

TEST(more_than_a_thread_keeps_is_given_back) {
  // Two blocks of 40 MiB: a thread keeps 64.
  on_a_new_thread([] {
    const Held first = acquire(size_t{40} << 20);
    const Held second = acquire(size_t{40} << 20);
    release(first);
    release(second);
    const Held again = acquire(size_t{40} << 20);
    CHECK(again.data == first.data);
    const Held another = acquire(size_t{30} << 20);
    CHECK(another.capacity < size_t{40} << 20);
    release(again);
    release(another);
  });
}

TEST(zeros_fill_all_of_it) {
  Scratch<float> scratch(1001);
  for (size_t i = 0; i < 1001; ++i) scratch[i] = 1;
  scratch.fill_zero();
  bool zero = true;
  for (size_t i = 0; i < 1001; ++i) zero = zero && scratch[i] == 0;
  CHECK(zero);
}

TEST(threads_have_blocks_of_their_own) {
  const Held mine = acquire(7000);
  release(mine);
  void* other = mine.data;
  on_a_new_thread([&] {
    const Held theirs = acquire(7000);
    other = theirs.data;
    release(theirs);
  });
  CHECK(other != mine.data);
}
