#include <limits>

#include "kernel_test.h"
#include "naive.h"

using namespace evenkeel;
using namespace evenkeel::test;

namespace {

constexpr uint64_t kSeed = 11;

template <typename T>
void moments_are_the_naive_ones(double mean, double scale) {
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    for (size_t n : run_lengths()) {
      for (size_t misalignment : kMisalignments) {
        Guarded<T> x(n, misalignment);
        fill(&x, kSeed + n, mean, scale);
        for (bool centred : {true, false}) {
          const Moments entry = kernels.span_moments(x.data(), n, centred);
          const naive::Moments expected = naive::span_moments(x.data(), n, centred);
          CHECK(entry.count == static_cast<double>(n), "isa", isa, "n", n);
          CHECK(same_bits(entry.mean, expected.mean) && same_bits(entry.m2, expected.m2), "isa", isa, "type",
                type_name<T>(), "n", n, "misalignment", misalignment, "centred", centred, "scale", scale);
        }
      }
    }
  });
}

template <typename T>
void sums_are_the_naive_ones() {
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    for (size_t n : run_lengths()) {
      for (size_t misalignment : kMisalignments) {
        Guarded<T> x(n, misalignment);
        Guarded<T> dy(n, misalignment + 2);
        fill(&x, kSeed + n, 3);
        fill(&dy, kSeed + n + 1);
        const T mh = static_cast<T>(2.9);
        const T r = static_cast<T>(1.7);
        const Sums sums = kernels.span_gradient_sums(dy.data(), x.data(), n, mh, r);
        const naive::Pair expected = naive::run_sums<T>(
            n, [&](size_t i) { return dy[i]; }, [&](size_t i) { return (x[i] - mh) * r; });
        CHECK(same_bits(sums.s1, expected.first) && same_bits(sums.s2, expected.second), "isa", isa, "type",
              type_name<T>(), "n", n, "misalignment", misalignment);
      }
    }
  });
}

// A large number, its negative `half` lanes further, and a 1 that either order of additions would lose or keep.
template <typename T>
double sum_of_lanes(const KernelTable<T>& kernels, size_t half, size_t small) {
  constexpr size_t kCount = naive::lanes<T>;
  Guarded<T> dy(kCount);
  Guarded<T> x(kCount);
  for (size_t i = 0; i < kCount; ++i) dy[i] = x[i] = 0;
  dy[0] = static_cast<T>(0x1p60);
  dy[half] = static_cast<T>(-0x1p60);
  dy[small] = 1;
  return kernels.span_gradient_sums(dy.data(), x.data(), kCount, 0, 1).s1;
}

template <typename T>
void lanes_are_summed_by_halves() {
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    // Lane 1 meets lane 0 last: until then 2^60 and -2^60 are gone.
    for (size_t half = naive::lanes<T> / 2; half > 1; half /= 2) {
      CHECK(sum_of_lanes(kernels, half, 1) == 1, "isa", isa, "type", type_name<T>(), "half", half);
    }
    // Lane 2 is added to lane 0 before lane 1 is, and is lost in 2^60; so is a lane that is added to -2^60.
    CHECK(sum_of_lanes(kernels, 1, 2) == 0, "isa", isa, "type", type_name<T>());
    CHECK(sum_of_lanes(kernels, naive::lanes<T> / 4, naive::lanes<T> / 2) == 0, "isa", isa, "type", type_name<T>());
    CHECK(sum_of_lanes(kernels, 1, 3) == 0, "isa", isa, "type", type_name<T>());
  });
}

template <typename T>
void a_constant_has_its_mean_and_no_variance(double value) {
  const T constant = static_cast<T>(value);
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    for (size_t n : run_lengths()) {
      if (n == 0) continue;
      Guarded<T> x(n);
      for (size_t i = 0; i < n; ++i) x[i] = constant;
      const Moments entry = kernels.span_moments(x.data(), n, true);
      CHECK(entry.mean == static_cast<double>(constant) && entry.m2 == 0, "isa", isa, "type", type_name<T>(), "n", n,
            "value", value);
    }
  });
}

template <typename T>
void what_is_not_finite_spoils_the_moments(T bad) {
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    for (size_t n : {1, 5, 16, 33, 700, 1500}) {
      for (size_t at : {size_t{0}, n / 2, n - 1}) {
        Guarded<T> x(n);
        fill(&x, kSeed);
        x[at] = bad;
        const Moments entry = kernels.span_moments(x.data(), n, true);
        CHECK(!std::isfinite(entry.mean) && std::isnan(entry.m2), "isa", isa, "n", n, "at", at);
        CHECK(!std::isfinite(kernels.span_moments(x.data(), n, false).m2), "isa", isa, "n", n, "at", at);
      }
    }
  });
}

}  // namespace

TEST(moments) {
  moments_are_the_naive_ones<float>(0, 1);
  moments_are_the_naive_ones<double>(0, 1);
  moments_are_the_naive_ones<float>(1e4, 1);
}

TEST(moments_whose_squares_leave_float32) {
  moments_are_the_naive_ones<float>(0, 1e30);
  moments_are_the_naive_ones<float>(0, 1e-20);
  moments_are_the_naive_ones<float>(0, 1e-40);
}

TEST(squares_beyond_float32_do_not_overflow) {
  each_isa<float>([](const char* isa, const KernelTable<float>& kernels) {
    Guarded<float> x(4);
    for (size_t i = 0; i < 4; ++i) x[i] = i % 2 == 0 ? 0x1p100f : -0x1p100f;
    CHECK(kernels.span_moments(x.data(), 4, true).m2 == 0x1p202, "isa", isa);
    CHECK(kernels.span_moments(x.data(), 4, false).m2 == 0x1p202, "isa", isa);
  });
}

TEST(gradient_sums) {
  sums_are_the_naive_ones<float>();
  sums_are_the_naive_ones<double>();
}

TEST(the_order_of_the_tree) {
  lanes_are_summed_by_halves<float>();
  lanes_are_summed_by_halves<double>();
}

TEST(constants) {
  for (double value : {0.0, 0.1, 1e8, -123456789.125, 1e30, 1e-40}) {
    a_constant_has_its_mean_and_no_variance<float>(value);
    a_constant_has_its_mean_and_no_variance<double>(value);
  }
}

TEST(not_finite) {
  what_is_not_finite_spoils_the_moments<float>(std::numeric_limits<float>::quiet_NaN());
  what_is_not_finite_spoils_the_moments<float>(std::numeric_limits<float>::infinity());
  what_is_not_finite_spoils_the_moments<double>(std::numeric_limits<double>::quiet_NaN());
  what_is_not_finite_spoils_the_moments<double>(-std::numeric_limits<double>::infinity());
}
