// Cuts spans and columns into partitions, the smallest parts that a thread takes.
#pragma once

#include "base/arithmetic.h"

namespace evenkeel {

// `count` equal spans (or columns) of `length` each, cut into parts of at most `part`. per_span is the number of parts
// of a span. The task of part i of span n is n * per_span + i.
struct Partitions {
  Partitions(size_t count, size_t length, size_t part)
      : length(length), part(part), per_span(parts_of(length, part)), tasks(count * per_span) {}

  struct Range {
    size_t index;
    size_t begin;
    size_t length;
  };

  // The span of a task, and the range of its part.
  Range operator[](size_t task) const {
    const size_t begin = task % per_span * part;
    return {task / per_span, begin, smaller(part, length - begin)};
  }

  // The same tasks in reverse order. The data that the pass before has read last is still in the cache.
  Range from_end(size_t task) const { return (*this)[tasks - 1 - task]; }

  const size_t length;
  const size_t part;
  const size_t per_span;
  const size_t tasks;
};

}  // namespace evenkeel
