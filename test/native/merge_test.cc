#include "base/merge.h"

#include <vector>

#include "check.h"

using evenkeel::merge;
using evenkeel::merge_columns;
using evenkeel::Moments;
using evenkeel::variance_of;
using evenkeel::test::same_bits;

namespace {

// Statistics of whole numbers by their definition; exact, as long as the mean is a whole number too.
Moments statistics(const std::vector<double>& values) {
  Moments entry;
  for (double value : values) entry.mean += value;
  entry.count = static_cast<double>(values.size());
  entry.mean /= entry.count;
  for (double value : values) entry.m2 += (value - entry.mean) * (value - entry.mean);
  return entry;
}

bool same(const Moments& a, const Moments& b) { return a.count == b.count && a.mean == b.mean && a.m2 == b.m2; }

}  // namespace

TEST(parts_join_to_the_whole) {
  const Moments first = statistics({1, 3, 5, 7});
  const Moments second = statistics({8, 16, 9, 7, 12, 8, 14, 14, 10, 12, 2, 20});
  Moments joined = first;
  merge(&joined, second.count, second.mean, second.m2);
  CHECK(same(joined, statistics({1, 3, 5, 7, 8, 16, 9, 7, 12, 8, 14, 14, 10, 12, 2, 20})));
}

TEST(nothing_joined_changes_nothing) {
  const Moments some = statistics({1, 3, 5, 7});
  Moments joined = some;
  merge(&joined, 0, 99, 99);
  CHECK(same(joined, some));
}

TEST(the_first_part_is_taken_as_it_is) {
  Moments joined;
  merge(&joined, 3, 0.1, 0.2);
  CHECK(same(joined, Moments{3, 0.1, 0.2}));
}

TEST(equal_means_stay_exact) {
  // A constant, in parts: no rounding may move the mean or give a variance.
  Moments joined;
  for (int i = 1; i < 50; ++i) merge(&joined, 3 * i, 0.1, 0);
  CHECK(joined.mean == 0.1);
  CHECK(joined.m2 == 0);
}

TEST(variance_is_biased_and_0_of_nothing) {
  CHECK(variance_of(Moments{4, 10, 20}) == 5);
  CHECK(variance_of(Moments{}) == 0);
}

TEST(columns_join_as_cells_do) {
  constexpr size_t kColumns = 5;
  double mean[kColumns] = {0, 0, 0, 0, 0};
  double m2[kColumns] = {0, 0, 0, 0, 0};
  Moments entries[kColumns];
  double before = 0;
  for (int part = 1; part <= 7; ++part) {
    double part_mean[kColumns];
    double part_m2[kColumns];
    for (size_t c = 0; c < kColumns; ++c) {
      part_mean[c] = 0.1 * part + 1.7 * static_cast<double>(c);
      part_m2[c] = 0.3 * part;
      merge(&entries[c], part, part_mean[c], part_m2[c]);
    }
    merge_columns(before, mean, m2, part, part_mean, part_m2, kColumns);
    before += part;
  }
  for (size_t c = 0; c < kColumns; ++c) {
    CHECK(same_bits(mean[c], entries[c].mean), "column", c);
    CHECK(same_bits(m2[c], entries[c].m2), "column", c);
  }
}
