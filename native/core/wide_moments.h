// Computes the statistics of slots that take the wide route.
#pragma once

#include "base/wide.h"
#include "core/plan.h"

namespace evenkeel {

// The places of a slot's elements. The lines of the slot are its channels, or its samples if a batch shares statistics.
Slot slot_at(const Plan& plan, size_t index);

// Both functions replace the statistics that are not ordinary, unless an element of the slot is not finite.

template <typename T>
void replace_moments(const Plan& plan, const MomentsBuffers<T>& io);

// The same for mean and variance.
template <typename T>
void replace_statistics(const Plan& plan, const ForwardBuffers<T>& io);

}  // namespace evenkeel
