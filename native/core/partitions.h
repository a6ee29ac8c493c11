// Spans and columns cut into partitions, the smallest parts that a thread takes.
#pragma once

#include "base/arithmetic.h"

namespace evenkeel {

// `count` equal spans (or columns) of `length` each, cut into parts of `part`; task = index * per_span + partition.
struct Partitions {
  Partitions(size_t count, size_t length, size_t part)
      : length(length), part(part), per_span(parts_of(length, part)), tasks(count * per_span) {}

  struct Range {
    size_t index;
    size_t begin;
    size_t length;
  };

  // Which span a task belongs to, and which part of it.
  Range operator[](size_t task) const {
    const size_t begin = task % per_span * part;
    return {task / per_span, begin, smaller(part, length - begin)};
  }

  // The same tasks, the last first: what the pass before has read last is still in the cache.
  Range from_end(size_t task) const { return (*this)[tasks - 1 - task]; }

  const size_t length;
  const size_t part;
  const size_t per_span;
  const size_t tasks;
};

}  // namespace evenkeel
