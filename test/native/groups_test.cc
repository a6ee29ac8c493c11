#include <cmath>

#include "kernel_test.h"
#include "naive.h"

using namespace evenkeel;
using namespace evenkeel::test;

namespace {

constexpr double kEps = 1e-5;

// So many groups of one size, and what their forward pass writes. Which has what varies from one to the next.
template <typename T>
struct Groups {
  Groups(size_t count, size_t planes, size_t spatial)
      : count(count),
        planes(planes),
        spatial(spatial),
        of_sample(1 + spatial % 3),
        first((count + planes) % of_sample),
        centred((count + planes + spatial) % 3 != 0),
        has_weight(spatial % 4 != 0),
        has_bias((spatial + planes) % 4 != 1),
        x(count * planes * spatial, kMisalignments[spatial % 4]),
        y(count * planes * spatial, 5),
        weight(of_sample * planes, 1),
        bias(of_sample * planes, 2),
        means(count),
        variances(count) {
    fill(&x, spatial, 30, 2);
    fill(&weight, 1, 1);
    fill(&bias, 2);
  }

  GroupsForward<T> io(T* out, bool non_temporal) {
    return {x.data(),
            out,
            planes,
            spatial,
            of_sample,
            first,
            has_weight ? weight.data() : nullptr,
            has_bias ? bias.data() : nullptr,
            means.data(),
            variances.data(),
            kEps,
            centred,
            non_temporal};
  }

  // y by naive steps; whether the statistics are the naive ones.
  bool expect(std::vector<T>* expected) const {
    bool same = true;
    for (size_t group = 0; group < count; ++group) {
      const size_t length = planes * spatial;
      const T* span = x.data() + group * length;
      naive::Moments moments{0, 0};
      for (size_t at = 0; at < length; at += kPartition<T>) {
        const size_t part = smaller(kPartition<T>, length - at);
        moments = naive::join(static_cast<double>(at), moments, static_cast<double>(part),
                              naive::span_moments(span + at, part, centred));
      }
      const double variance = length > 0 ? moments.m2 / static_cast<double>(length) : 0;
      same = same && same_bits(means[group], moments.mean) && same_bits(variances[group], variance);
      const double rstd = 1 / std::sqrt(variance + kEps);
      const T mh = static_cast<T>(moments.mean);
      for (size_t plane = 0; plane < planes; ++plane) {
        const size_t channel = (first + group) % of_sample * planes + plane;
        const double gamma = has_weight ? static_cast<double>(weight[channel]) : 1;
        const double beta = has_bias ? static_cast<double>(bias[channel]) : 0;
        const T a = static_cast<T>(rstd * gamma);
        const T b = static_cast<T>(beta - (moments.mean - static_cast<double>(mh)) * rstd * gamma);
        for (size_t i = plane * spatial; i < (plane + 1) * spatial; ++i) {
          const T scaled = (run[i] - mh) * a;
          expected->push_back(scaled + b);
        }
      }
    }
    return same;
  }

  const size_t count, planes, spatial, of_sample, first;
  const bool centred, has_weight, has_bias;
  Guarded<T> x, y, weight, bias;
  Guarded<double> means, variances;
};

template <typename T>
bool equals(const std::vector<T>& expected, Guarded<T>& actual) {
  bool same = actual.intact();
  for (size_t i = 0; i < expected.size(); ++i) same = same && same_bits(expected[i], actual[i]);
  return same;
}

template <typename T>
void check_groups(const char* isa, const KernelTable<T>& kernels, size_t count, size_t planes, size_t spatial) {
  Groups<T> groups(count, planes, spatial);
  for (const bool non_temporal : {false, true}) {
    std::vector<T> expected;
    fill(&groups.y, 9);
    kernels.groups_forward(groups.io(groups.y.data(), non_temporal), count);
    const bool statistics = groups.expect(&expected);
    CHECK(statistics && groups.means.intact() && groups.variances.intact(), "isa", isa, "type", type_name<T>(),
          "groups", count, "planes", planes, "spatial", spatial);
    CHECK(equals(expected, groups.y), "isa", isa, "type", type_name<T>(), "groups", count, "planes", planes, "spatial",
          spatial, "non-temporal", non_temporal);
  }
  std::vector<T> expected;
  groups.expect(&expected);
  kernels.groups_forward(groups.io(groups.x.data(), false), count);
  CHECK(equals(expected, groups.x), "in place, isa", isa, "type", type_name<T>(), "groups", count, "planes", planes,
        "spatial", spatial);
}

template <typename T>
void all_groups() {
  each_isa<T>([](const char* isa, const KernelTable<T>& kernels) {
    for (size_t spatial : run_lengths()) {
      if (spatial == 0) continue;
      for (size_t planes : {1, 2, 5}) check_groups<T>(isa, kernels, 1 + spatial % 3, planes, spatial);
    }
    // Longer than a partition, whose parts are merged.
    check_groups<T>(isa, kernels, 2, 3, kPartition<T> / 2 + 1);
    check_groups<T>(isa, kernels, 0, 2, 40);
  });
}

}  // namespace

TEST(groups_of_float32) { all_groups<float>(); }
TEST(groups_of_float64) { all_groups<double>(); }
