// The constants of the one arithmetic; src/backend/portable/arithmetic.ts has the same, docs/numerics.md the reasons.
#pragma once

#include <cstddef>

namespace evenkeel {

// Steps of a block of a span; rows of a block of a column.
constexpr size_t kSteps = 32;
// Bytes of one step: 32 float32 lanes or 16 float64 lanes.
constexpr size_t kStepBytes = 128;
// Blocks of a span that make a partition, the smallest part of a span that a thread takes: 256 KiB.
constexpr size_t kPartitionBlocks = 64;
// Rows that make a partition of a column, or of the column sums of rows.
constexpr size_t kPartitionRows = 256;
// Steps (or rows) at the head of a block whose mean the block is shifted by.
constexpr size_t kShiftSteps = 2;
// Below this sum of float32 squares a block is redone in float64: 2^-90.
constexpr double kSmallestTrustedSquares = 0x1p-90;

// Bytes that memory moves at a time.
constexpr size_t kCacheLine = 64;

template <typename T>
constexpr size_t kLanes = kStepBytes / sizeof(T);
template <typename T>
constexpr size_t kBlock = kLanes<T> * kSteps;
template <typename T>
constexpr size_t kPartition = kBlock<T> * kPartitionBlocks;

// How many parts of `part` cover `n`.
constexpr size_t parts_of(size_t n, size_t part) { return (n + part - 1) / part; }

constexpr size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
constexpr size_t larger(size_t a, size_t b) { return a > b ? a : b; }

}  // namespace evenkeel
