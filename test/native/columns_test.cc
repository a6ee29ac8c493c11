#include "kernel_test.h"
#include "naive.h"

using namespace evenkeel;
using namespace evenkeel::test;

namespace {

constexpr uint64_t kSeed = 41;

struct Extents {
  size_t rows;
  size_t channels;
};

// Channels around the steps of either type; rows around blocks. Not every row count with every width.
std::vector<Extents> extents() {
  std::vector<Extents> list;
  for (size_t channels = 1; channels <= 70; ++channels) list.push_back({3 + channels % 5, channels});
  for (size_t rows : {0, 1, 2, 31, 32, 33, 64, 100, 256}) {
    for (size_t channels : {1, 5, 16, 33, 47}) list.push_back({rows, channels});
  }
  return list;
}

// body(isa, kernels, extents, misalignment)
template <typename T, typename Body>
void each_extent(const Body& body) {
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    for (const Extents& extent : extents()) body(isa, kernels, extent, kMisalignments[extent.channels % 4]);
  });
}

template <typename T>
void moments_are_the_naive_ones(double mean, double scale) {
  each_extent<T>([&](const char* isa, const KernelTable<T>& kernels, const Extents& e, size_t misalignment) {
    Guarded<T> x(e.rows * e.channels, misalignment);
    fill(&x, kSeed + e.rows, mean, scale);
    for (bool centred : {true, false}) {
      Guarded<double> means(e.channels);
      Guarded<double> m2(e.channels);
      kernels.columns_moments(x.data(), e.rows, e.channels, centred, means.data(), m2.data());
      for (size_t c = 0; c < e.channels && e.rows > 0; ++c) {
        const naive::Moments expected = naive::column_moments(x.data() + c, e.rows, e.channels, centred);
        CHECK(same_bits(means[c], expected.mean) && same_bits(m2[c], expected.m2), "isa", isa, "type", type_name<T>(),
              "rows", e.rows, "channels", e.channels, "channel", c, "centred", centred, "scale", scale);
      }
      CHECK(means.intact() && m2.intact(), "isa", isa, "rows", e.rows, "channels", e.channels);
    }
  });
}

template <typename T>
void sums_are_the_naive_ones() {
  each_extent<T>([](const char* isa, const KernelTable<T>& kernels, const Extents& e, size_t misalignment) {
    Guarded<T> x(e.rows * e.channels, misalignment);
    Guarded<T> dy(e.rows * e.channels, misalignment + 1);
    Guarded<T> mh(e.channels, misalignment);
    Guarded<T> r(e.channels, misalignment + 1);
    Guarded<double> sum1(e.channels);
    Guarded<double> sum2(e.channels);
    fill(&x, kSeed, 3);
    fill(&dy, kSeed + 1);
    fill(&mh, kSeed + 2, 3);
    fill(&r, kSeed + 3, 1);
    // What they hold is added to.
    fill(&sum1, kSeed + 4);
    fill(&sum2, kSeed + 5);
    std::vector<naive::Pair> before;
    for (size_t c = 0; c < e.channels; ++c) before.push_back({sum1[c], sum2[c]});
    kernels.columns_gradient_sums(dy.data(), x.data(), e.rows, e.channels, mh.data(), r.data(), sum1.data(),
                                  sum2.data());
    for (size_t c = 0; c < e.channels; ++c) {
      const naive::Pair expected = naive::column_sums<T>(
          e.rows, before[c], [&](size_t row) { return dy[row * e.channels + c]; },
          [&](size_t row) { return (x[row * e.channels + c] - mh[c]) * r[c]; });
      CHECK(same_bits(sum1[c], expected.first) && same_bits(sum2[c], expected.second), "isa", isa, "type",
            type_name<T>(), "rows", e.rows, "channels", e.channels, "channel", c);
    }
    CHECK(sum1.intact() && sum2.intact(), "isa", isa, "rows", e.rows, "channels", e.channels);
  });
}

// The numbers of each channel that the maps take, repeated as they want them.
template <typename T>
struct Table {
  Table(size_t channels, size_t misalignment)
      : mh(channels + kRepeated<T>, misalignment),
        r(channels + kRepeated<T>),
        a(channels + kRepeated<T>, 1),
        b(channels + kRepeated<T>, misalignment),
        k(channels + kRepeated<T>, 3) {
    fill(&mh, kSeed + 2, 3);
    fill(&r, kSeed + 3, 1);
    fill(&a, kSeed + 4, 1);
    fill(&b, kSeed + 5);
    fill(&k, kSeed + 6);
    for (Guarded<T>* numbers : {&mh, &r, &a, &b, &k}) {
      for (size_t c = channels; c < numbers->size(); ++c) (*numbers)[c] = (*numbers)[c - channels];
    }
  }
  Guarded<T> mh, r, a, b, k;
};

// Maps by `kernel(dy, x, out)` into an array of its own and over dy and x; naive(dy, x, c) is what comes out.
template <typename T, typename Kernel, typename Naive>
void check_map(const char* isa, const Extents& e, size_t misalignment, const Kernel& kernel, const Naive& naive) {
  const size_t n = e.rows * e.channels;
  Guarded<T> dy(n, misalignment);
  Guarded<T> x(n, misalignment + 1);
  Guarded<T> expected(n);
  for (const char* into : {"out", "dy", "x"}) {
    fill(&dy, kSeed + n);
    fill(&x, kSeed + n + 1, 3);
    for (size_t i = 0; i < n; ++i) expected[i] = naive(dy[i], x[i], i % e.channels);
    Guarded<T> own(n, misalignment + 2);
    Guarded<T>& out = *into == 'o' ? own : *into == 'd' ? dy : x;
    kernel(dy.data(), x.data(), out.data());
    CHECK(same_bits(out.data(), expected.data(), n) && out.intact(), "isa", isa, "type", type_name<T>(), "rows", e.rows,
          "channels", e.channels, "into", into);
  }
}

template <typename T>
void maps(bool non_temporal) {
  each_extent<T>([&](const char* isa, const KernelTable<T>& kernels, const Extents& e, size_t misalignment) {
    const Table<T> t(e.channels, misalignment);
    check_map<T>(
        isa, e, misalignment,
        [&](const T*, const T* x, T* y) {
          kernels.columns_map(x, y, e.rows, e.channels, non_temporal, {t.mh.data(), t.a.data(), t.b.data()});
        },
        [&](T, T x, size_t c) { return (x - t.mh[c]) * t.a[c] + t.b[c]; });
    check_map<T>(
        isa, e, misalignment,
        [&](const T* dy, const T* x, T* dx) {
          kernels.columns_map_gradient(dy, x, dx, e.rows, e.channels, non_temporal,
                                       {t.mh.data(), t.r.data(), t.a.data(), t.b.data(), t.k.data()});
        },
        [&](T dy, T x, size_t c) { return (dy * t.a[c] + ((x - t.mh[c]) * t.r[c]) * t.b[c]) + t.k[c]; });
    check_map<T>(
        isa, e, misalignment,
        [&](const T* dy, const T*, T* dx) {
          kernels.columns_map_given(dy, dx, e.rows, e.channels, non_temporal, t.a.data());
        },
        [&](T dy, T, size_t c) { return dy * t.a[c]; });
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
}

TEST(one_channel_that_overflows_leaves_the_others_alone) {
  constexpr size_t kRows = 40;
  constexpr size_t kChannels = 37;
  each_isa<float>([](const char* isa, const KernelTable<float>& kernels) {
    Guarded<float> x(kRows * kChannels);
    fill(&x, kSeed);
    Guarded<double> mean(kChannels), m2(kChannels), mean_with(kChannels), m2_with(kChannels);
    kernels.columns_moments(x.data(), kRows, kChannels, true, mean.data(), m2.data());
    for (size_t row = 0; row < kRows; ++row) x[row * kChannels + 20] = row % 2 == 0 ? 0x1p100f : -0x1p100f;
    kernels.columns_moments(x.data(), kRows, kChannels, true, mean_with.data(), m2_with.data());
    for (size_t c = 0; c < kChannels; ++c) {
      if (c == 20) {
        CHECK(mean_with[c] == 0 && m2_with[c] == kRows * 0x1p200, "isa", isa);
      } else {
        CHECK(mean_with[c] == mean[c] && m2_with[c] == m2[c], "isa", isa, "channel", c);
      }
    }
  });
}

TEST(gradient_sums) {
  sums_are_the_naive_ones<float>();
  sums_are_the_naive_ones<double>();
}

TEST(maps) {
  maps<float>(false);
  maps<double>(false);
}

TEST(maps_past_the_cache) {
  maps<float>(true);
  maps<double>(true);
}
