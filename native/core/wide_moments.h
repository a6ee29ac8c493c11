// The statistics of the slots that take the wide route.
#pragma once

#include "base/wide.h"
#include "core/plan.h"

namespace evenkeel {

// Where a slot of a plan lies. Its lines are its channels, or its samples where a batch shares statistics.
Slot slot_at(const Plan& plan, size_t index);

// Both replace what is not ordinary, unless an element of the slot is not finite.

template <typename T>
void replace_moments(const Plan& plan, const MomentsBuffers<T>& io);

// The same of mean and variance.
template <typename T>
void replace_statistics(const Plan& plan, const ForwardBuffers<T>& io);

}  // namespace evenkeel
