#include "kernel_test.h"

using namespace evenkeel;
using namespace evenkeel::test;

namespace {

constexpr uint64_t kSeed = 21;

// Fills dy and x, maps them by `kernel(dy, x, out)`, into an array of its own and over dy and x, and compares with
// `naive(dy, x)` of each element.
template <typename T, typename Kernel, typename Naive>
void check_map(const char* isa, size_t n, size_t misalignment, const Kernel& kernel, const Naive& naive) {
  Guarded<T> dy(n, misalignment);
  Guarded<T> x(n, misalignment + 1);
  Guarded<T> expected(n);
  for (const char* into : {"out", "dy", "x"}) {
    fill(&dy, kSeed + n);
    fill(&x, kSeed + n + 1, 3);
    for (size_t i = 0; i < n; ++i) expected[i] = naive(dy[i], x[i]);
    Guarded<T> own(n, misalignment + 2);
    Guarded<T>& out = *into == 'o' ? own : *into == 'd' ? dy : x;
    kernel(dy.data(), x.data(), out.data());
    CHECK(same_bits(out.data(), expected.data(), n), "isa", isa, "type", type_name<T>(), "n", n, "misalignment",
          misalignment, "into", into);
    CHECK(out.intact(), "isa", isa, "type", type_name<T>(), "n", n, "into", into);
  }
}

template <typename T>
void maps() {
  const T mh = static_cast<T>(2.9);
  const T r = static_cast<T>(1.7);
  const T a = static_cast<T>(0.3);
  const T b = static_cast<T>(-0.6);
  const T k = static_cast<T>(0.7);
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    for (size_t n : run_lengths()) {
      for (size_t choice = 0; choice < 8; ++choice) {
        const size_t misalignment = kMisalignments[choice % 4];
        const bool non_temporal = choice >= 4;
        // Whether a tile follows, and where, changes nothing: its lines are only asked for.
        const size_t next = choice % 2 * n;
        check_map<T>(
            isa, n, misalignment,
            [&](const T*, const T* x, T* y) {
              kernels.planes_map(x, y, n, next, non_temporal, {mh, a, b});
            },
            [&](T, T x) { return (x - mh) * a + b; });
        check_map<T>(
            isa, n, misalignment,
            [&](const T* dy, const T* x, T* dx) {
              kernels.planes_map_gradient(dy, x, dx, n, next, non_temporal, {mh, r, a, b, k});
            },
            [&](T dy, T x) { return (dy * a + ((x - mh) * r) * b) + k; });
        check_map<T>(
            isa, n, misalignment,
            [&](const T* dy, const T*, T* dx) { kernels.planes_map_given(dy, dx, n, non_temporal, a); },
            [&](T dy, T) { return dy * a; });
      }
    }
  });
}

}  // namespace

TEST(maps_of_float32) { maps<float>(); }
TEST(maps_of_float64) { maps<double>(); }
