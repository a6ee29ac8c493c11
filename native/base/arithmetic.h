// The constants of the arithmetic that all backends share. src/backend/portable/arithmetic.ts has the same constants.
// docs/numerics.md has the reasons.
#pragma once

#include <cstddef>

namespace evenkeel {

// The number of steps in a block of a span, and of rows in a block of a column.
constexpr size_t kSteps = 32;
// The bytes of one step: 32 float32 lanes or 16 float64 lanes.
constexpr size_t kStepBytes = 128;
// The number of blocks in a partition of a span: 256 KiB. A partition is the smallest part that a thread takes.
constexpr size_t kPartitionBlocks = 64;
// The number of rows in a partition of a column, or of the column sums of rows.
constexpr size_t kPartitionRows = 256;
// The number of steps (or rows) in the head of a block. The block is shifted by the mean of its head.
constexpr size_t kShiftSteps = 2;
// If the sum of float32 squares of a block is below this number, the block is computed again in float64: 2^-90.
constexpr double kSmallestTrustedSquares = 0x1p-90;

// The bytes of a cache line.
constexpr size_t kCacheLine = 64;

template <typename T>
constexpr size_t kLanes = kStepBytes / sizeof(T);
template <typename T>
constexpr size_t kBlock = kLanes<T> * kSteps;
template <typename T>
constexpr size_t kPartition = kBlock<T> * kPartitionBlocks;

// The number of parts of size `part` that cover n.
constexpr size_t parts_of(size_t n, size_t part) { return (n + part - 1) / part; }

constexpr size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
constexpr size_t larger(size_t a, size_t b) { return a > b ? a : b; }

}  // namespace evenkeel
