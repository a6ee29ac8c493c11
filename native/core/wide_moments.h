// The statistics of the slots that take the wide route.
#pragma once

#include "base/wide.h"
#include "core/plan.h"

namespace evenkeel {

// Where a slot of a plan lies. Its lines are its channels, or its samples where a batch shares statistics.
Slot slot_at(const Plan& plan, size_t index);

// Replaces the moments that are not ordinary, unless an element of the slot is not finite.
template <typename T>
void replace_moments(const Plan& plan, const MomentsBuffers<T>& io);

}  // namespace evenkeel
