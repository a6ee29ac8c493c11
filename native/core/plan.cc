#include "core/plan.h"

namespace evenkeel {

namespace {

// The largest extent, and the largest product of extents. No JavaScript array is larger.
constexpr double kLargest = 9007199254740992.0;  // 2^53

// Only an empty array can have a larger extent. It is read as kLargest, because no elements go with it.
bool read_extent(double value, size_t* extent) {
  if (!(value >= 0)) return false;
  *extent = static_cast<size_t>(value < kLargest ? value : kLargest);
  return value > kLargest || static_cast<double>(*extent) == value;
}

bool is_index_below(double value, int limit) {
  return value >= 0 && value < limit && static_cast<double>(static_cast<int>(value)) == value;
}

}  // namespace

bool read_plan(const double* descriptor, Plan* plan) {
  if (!is_index_below(descriptor[0], 3) || !is_index_below(descriptor[1], 3)) return false;
  plan->pattern = static_cast<Pattern>(static_cast<int>(descriptor[0]));
  plan->scope = static_cast<Scope>(static_cast<int>(descriptor[1]));
  plan->float64 = descriptor[2] != 0;
  const bool extents = read_extent(descriptor[3], &plan->samples) && read_extent(descriptor[4], &plan->channels) &&
                       read_extent(descriptor[5], &plan->spatial) && read_extent(descriptor[6], &plan->groups);
  if (!extents || plan->channels == 0 || plan->groups == 0 || plan->channels % plan->groups != 0) return false;
  plan->centred = descriptor[7] != 0;
  plan->given = descriptor[8] != 0;
  plan->eps = descriptor[9];
  plan->stride = plan->channels;
  const bool empty = plan->samples == 0 || plan->spatial == 0;
  const double size = empty ? 0 : descriptor[3] * descriptor[4] * descriptor[5];
  // An empty array has statistics, too. The number of slots must not overflow.
  const double slots = plan->scope == Scope::group ? descriptor[3] * descriptor[6] : 0;
  const bool rows = plan->pattern == Pattern::rows;
  // The scope is row for rows and for no other pattern, rows have one channel, columns of a batch are one sample, and
  // the products are not too large.
  return size <= kLargest && slots <= kLargest && rows == (plan->scope == Scope::row) &&
         (!rows || plan->channels == 1) &&
         !(plan->pattern == Pattern::columns && plan->scope == Scope::batch && plan->samples != 1);
}

}  // namespace evenkeel
