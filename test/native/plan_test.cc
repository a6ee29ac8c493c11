#include "core/plan.h"

#include <array>
#include <cmath>
#include <limits>

#include "check.h"

using evenkeel::kDescriptorLength;
using evenkeel::Pattern;
using evenkeel::Plan;
using evenkeel::read_plan;
using evenkeel::Scope;

namespace {

// pattern, scope, float64, samples, channels, spatial, groups, centred, given, eps: src/engine/plan.ts makes them.
using Descriptor = std::array<double, kDescriptorLength>;
constexpr Descriptor kRows = {0, 0, 0, 5, 1, 7, 1, 1, 0, 1e-5};
constexpr Descriptor kPlanesBatch = {1, 1, 0, 2, 6, 7, 1, 1, 0, 1e-5};
constexpr Descriptor kPlanesGroup = {1, 2, 1, 2, 6, 7, 3, 1, 0, 1e-5};
constexpr Descriptor kColumnsBatch = {2, 1, 0, 1, 6, 14, 1, 0, 1, 1e-5};
constexpr Descriptor kColumnsGroup = {2, 2, 0, 2, 6, 7, 6, 1, 0, 1e-5};

enum Field { kPattern, kScope, kFloat64, kSamples, kChannels, kSpatial, kGroups };

bool reads(const Descriptor& descriptor) {
  Plan plan;
  return read_plan(descriptor.data(), &plan);
}

Descriptor with(Descriptor descriptor, Field field, double value) {
  descriptor[field] = value;
  return descriptor;
}

}  // namespace

TEST(each_field_is_read) {
  Plan plan;
  CHECK(read_plan(kPlanesGroup.data(), &plan));
  CHECK(plan.pattern == Pattern::planes && plan.scope == Scope::group && plan.float64);
  CHECK(plan.samples == 2 && plan.channels == 6 && plan.spatial == 7 && plan.groups == 3);
  // A plan of the whole: its samples lie as far apart as it has channels.
  CHECK(plan.stride == 6);
  CHECK(plan.centred && !plan.given && plan.eps == 1e-5);
  CHECK(read_plan(kColumnsBatch.data(), &plan));
  CHECK(plan.pattern == Pattern::columns && plan.scope == Scope::batch && !plan.float64);
  CHECK(!plan.centred && plan.given);
}

TEST(sizes_follow_from_pattern_and_scope) {
  Plan plan;
  CHECK(read_plan(kRows.data(), &plan));
  CHECK(plan.size() == 35 && plan.slots() == 5 && plan.count() == 7 && plan.affine_length() == 7);
  CHECK(read_plan(kPlanesBatch.data(), &plan));
  CHECK(plan.size() == 84 && plan.slots() == 6 && plan.count() == 14 && plan.affine_length() == 6);
  CHECK(plan.slot_of(1, 4) == 4 && plan.table_samples() == 1);
  CHECK(read_plan(kPlanesGroup.data(), &plan));
  CHECK(plan.slots() == 6 && plan.count() == 14 && plan.affine_length() == 6);
  CHECK(plan.slot_of(0, 1) == 0 && plan.slot_of(1, 4) == 5 && plan.table_samples() == 2);
  CHECK(read_plan(kColumnsGroup.data(), &plan));
  CHECK(plan.slots() == 12 && plan.count() == 7);
}

TEST(empty_extents_are_plans) {
  CHECK(reads(with(kRows, kSamples, 0)));
  CHECK(reads(with(kPlanesGroup, kSpatial, 0)));
}

TEST(numbers_that_are_no_word_are_refused) {
  for (double value : {-1.0, 3.0, 0.5, 1e300, -1e300, std::nan(""), HUGE_VAL}) {
    CHECK(!reads(with(kPlanesBatch, kPattern, value)), "pattern", value);
    CHECK(!reads(with(kPlanesBatch, kScope, value)), "scope", value);
  }
}

TEST(numbers_that_are_no_extent_are_refused) {
  for (Field field : {kSamples, kChannels, kSpatial, kGroups}) {
    for (double value : {-1.0, 1.5, 1e17, 1e300, std::nan(""), HUGE_VAL, -HUGE_VAL}) {
      CHECK(!reads(with(kPlanesGroup, field, value)), "field", static_cast<int>(field), "value", value);
    }
  }
  CHECK(!reads(with(kPlanesGroup, kChannels, 0)));
  CHECK(!reads(with(kPlanesGroup, kGroups, 0)));
}

TEST(groups_must_divide_the_channels) {
  CHECK(!reads(with(kPlanesGroup, kGroups, 4)));
  CHECK(!reads(with(kPlanesGroup, kGroups, 12)));
}

TEST(patterns_and_scopes_that_do_not_go_together_are_refused) {
  CHECK(!reads(with(kRows, kScope, 1)));
  CHECK(!reads(with(kRows, kScope, 2)));
  CHECK(!reads(with(kPlanesBatch, kScope, 0)));
  CHECK(!reads(with(kColumnsBatch, kScope, 0)));
  // Rows have one channel; the columns of a batch are one sample.
  CHECK(!reads(with(kRows, kChannels, 2)));
  CHECK(!reads(with(kColumnsBatch, kSamples, 2)));
}

TEST(sizes_beyond_any_array_are_refused) {
  constexpr double kHuge = 1ll << 40;
  CHECK(!reads(with(with(kPlanesBatch, kSamples, kHuge), kSpatial, kHuge)));
  CHECK(!reads(with(with(kRows, kSamples, kHuge), kSpatial, kHuge)));
  // The number of an empty array's statistics must not wrap around.
  const Descriptor empty = with(with(kPlanesGroup, kSpatial, 0), kSamples, kHuge);
  CHECK(!reads(with(with(empty, kChannels, kHuge), kGroups, kHuge)));
}

TEST(an_empty_array_is_a_plan_whatever_its_other_extents) {
  constexpr double kHuge = 1ll << 60;
  Plan plan;
  CHECK(read_plan(with(with(kRows, kSamples, 0), kSpatial, kHuge).data(), &plan));
  CHECK(plan.size() == 0 && plan.slots() == 0);
  CHECK(read_plan(with(with(kPlanesBatch, kSamples, kHuge), kSpatial, 0).data(), &plan));
  CHECK(plan.size() == 0 && plan.slots() == 6);
  CHECK(read_plan(with(with(kPlanesGroup, kSamples, 1ll << 40), kSpatial, 0).data(), &plan));
  CHECK(plan.size() == 0 && plan.slots() == size_t{3} << 40);
}
