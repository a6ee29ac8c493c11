#include "kernel_test.h"

using namespace evenkeel;
using namespace evenkeel::test;

namespace {

constexpr uint64_t kSeed = 21;

// Planes of so many elements, and the numbers of each of them.
template <typename T>
struct Planes {
  Planes(size_t planes, size_t spatial)
      : planes(planes), spatial(spatial), mh(planes), r(planes), a(planes), b(planes), k(planes) {
    for (Guarded<T>* numbers : {&mh, &r, &a, &b, &k}) fill(numbers, ++seed, 1);
  }
  size_t size() const { return planes * spatial; }
  uint64_t seed = kSeed;
  const size_t planes, spatial;
  Guarded<T> mh, r, a, b, k;
};

// Fills dy and x, maps them by `kernel(dy, x, out)`, into an array of its own and over dy and x, and compares with
// `naive(dy, x, plane)` of each element.
template <typename T, typename Kernel, typename Naive>
void check_map(const char* isa, const Planes<T>& of, size_t misalignment, const Kernel& kernel, const Naive& naive) {
  const size_t n = of.size();
  Guarded<T> dy(n, misalignment);
  Guarded<T> x(n, misalignment + 1);
  Guarded<T> expected(n);
  for (const char* into : {"out", "dy", "x"}) {
    fill(&dy, kSeed + n);
    fill(&x, kSeed + n + 1, 3);
    for (size_t i = 0; i < n; ++i) expected[i] = naive(dy[i], x[i], i / of.spatial);
    Guarded<T> own(n, misalignment + 2);
    Guarded<T>& out = *into == 'o' ? own : *into == 'd' ? dy : x;
    kernel(dy.data(), x.data(), out.data());
    CHECK(same_bits(out.data(), expected.data(), n) && out.intact(), "isa", isa, "type", type_name<T>(), "planes",
          of.planes, "spatial", of.spatial, "misalignment", misalignment, "into", into);
  }
}

template <typename T>
void check_maps(const char* isa, const KernelTable<T>& kernels, size_t planes, size_t spatial, size_t choice) {
  Planes<T> of(planes, spatial);
  const size_t misalignment = kMisalignments[choice % 4];
  const bool non_temporal = choice >= 4;
  // Whether a tile follows, and where, changes nothing: its lines are only asked for.
  const size_t next = choice % 2 * of.size();
  const T *mh = of.mh.data(), *r = of.r.data(), *a = of.a.data(), *b = of.b.data(), *k = of.k.data();
  check_map<T>(
      isa, of, misalignment,
      [&](const T*, const T* x, T* y) {
        kernels.planes_map({x, y, planes, spatial, mh, a, b, next, non_temporal});
      },
      [&](T, T x, size_t p) { return (x - mh[p]) * a[p] + b[p]; });
  check_map<T>(
      isa, of, misalignment,
      [&](const T* dy, const T* x, T* dx) {
        kernels.planes_map_gradient({dy, x, dx, planes, spatial, mh, r, a, b, k, next, non_temporal});
      },
      [&](T dy, T x, size_t p) { return (dy * a[p] + ((x - mh[p]) * r[p]) * b[p]) + k[p]; });
  check_map<T>(
      isa, of, misalignment,
      [&](const T* dy, const T* x, T* dx) {
        kernels.planes_map_given({dy, x, dx, planes, spatial, mh, r, a, b, k, next, non_temporal});
      },
      [&](T dy, T, size_t p) { return dy * a[p]; });
}

template <typename T>
void maps() {
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    for (size_t spatial : run_lengths()) {
      if (spatial == 0) continue;
      for (size_t planes : {1, 2, 7}) {
        for (size_t choice = 0; choice < 8; ++choice) check_maps(isa, kernels, planes, spatial, choice);
      }
    }
  });
}

}  // namespace

TEST(maps_of_float32) { maps<float>(); }
TEST(maps_of_float64) { maps<double>(); }
