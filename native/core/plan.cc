#include "core/plan.h"

namespace evenkeel {

namespace {

// Extents, and products of them, beyond this are no array that JavaScript could hold.
constexpr double kLargestExtent = 9007199254740992.0;  // 2^53

// An extent of 0 empties the array, but not the tables over the other extents: their lengths must not wrap around.
double at_least_one(double extent) { return extent > 0 ? extent : 1; }

bool read_extent(double value, size_t* extent) {
  if (!(value >= 0 && value <= kLargestExtent)) return false;
  *extent = static_cast<size_t>(value);
  return static_cast<double>(*extent) == value;
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
  const double size = at_least_one(descriptor[3]) * at_least_one(descriptor[4]) * at_least_one(descriptor[5]);
  const bool rows = plan->pattern == Pattern::rows;
  // Only a row's statistics go with rows, one sample holds all columns of a batch, and the size must be a size.
  return size <= kLargestExtent && rows == (plan->scope == Scope::row) && (!rows || plan->channels == 1) &&
         !(plan->pattern == Pattern::columns && plan->scope == Scope::batch && plan->samples != 1);
}

}  // namespace evenkeel
