#include "kernel_test.h"
#include "naive.h"

using namespace evenkeel;
using namespace evenkeel::test;

namespace {

constexpr uint64_t kSeed = 31;

// A row's operands, with all that a kernel may be given.
template <typename T>
struct Row {
  Row(size_t n, size_t misalignment, bool centred, bool has_weight, bool has_bias)
      : x(n, misalignment),
        dy(n, misalignment + 1),
        weight(n, misalignment + 2),
        bias(n, misalignment + 3),
        centred(centred),
        has_weight(has_weight),
        has_bias(has_bias) {
    fill(&x, kSeed + n, 3);
    fill(&dy, kSeed + n + 1);
    fill(&weight, kSeed + n + 2, 1);
    fill(&bias, kSeed + n + 3);
  }

  RowGradient<T> gradient() const {
    return {dy.data(), x.data(), has_weight ? weight.data() : nullptr, x.size(), fold, centred};
  }
  T xhat(size_t i) const { return centred ? (x[i] - fold.mh) * fold.r + fold.c : x[i] * fold.r; }
  T g(size_t i) const { return has_weight ? dy[i] * weight[i] : dy[i]; }
  T y(size_t i) const {
    T value = xhat(i);
    if (has_weight) value = value * weight[i];
    return has_bias ? value + bias[i] : value;
  }

  Guarded<T> x, dy, weight, bias;
  bool centred, has_weight, has_bias;
  RowFold<T> fold{static_cast<T>(2.9), static_cast<T>(1.7), static_cast<T>(-1e-3)};
};

template <typename T, typename Value>
void check_values(const char* what, const char* isa, const Row<T>& row, Guarded<T>* out, const Value& value) {
  bool same = true;
  for (size_t i = 0; i < out->size(); ++i) same = same && same_bits((*out)[i], value(i));
  CHECK(same && out->intact(), "of", what, "isa", isa, "type", type_name<T>(), "n", row.x.size(), "centred",
        row.centred, "weight", row.has_weight, "bias", row.has_bias);
}

// body(isa, kernels, row) for every length, misalignment and combination of operands.
template <typename T, typename Body>
void each_row(const Body& body) {
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    for (size_t n : run_lengths()) {
      for (int choice = 0; choice < 8; ++choice) {
        Row<T> row(n, kMisalignments[n % 4], choice & 1, choice & 2, choice & 4);
        body(isa, kernels, &row);
      }
    }
  });
}

template <typename T>
void map() {
  each_row<T>([](const char* isa, const KernelTable<T>& kernels, Row<T>* row) {
    const size_t n = row->x.size();
    const T* weight = row->has_weight ? row->weight.data() : nullptr;
    const T* bias = row->has_bias ? row->bias.data() : nullptr;
    Guarded<T> y(n, 5);
    kernels.rows_map(row->x.data(), y.data(), n, weight, bias, row->fold, row->centred);
    check_values("y", isa, *row, &y, [&](size_t i) { return row->y(i); });
    kernels.rows_map(row->x.data(), row->x.data(), n, weight, bias, row->fold, row->centred);
    check_values("y over x", isa, *row, &row->x, [&](size_t i) { return y[i]; });
  });
}

template <typename T>
void sums() {
  each_row<T>([](const char* isa, const KernelTable<T>& kernels, Row<T>* row) {
    const Sums sums = kernels.rows_gradient_sums(row->gradient());
    const naive::Pair expected = naive::run_sums<T>(
        row->x.size(), [&](size_t i) { return row->g(i); }, [&](size_t i) { return row->xhat(i); });
    CHECK(same_bits(sums.s1, expected.first) && same_bits(sums.s2, expected.second), "isa", isa, "type", type_name<T>(),
          "n", row->x.size(), "centred", row->centred, "weight", row->has_weight);
  });
}

template <typename T>
void column_sums() {
  each_row<T>([](const char* isa, const KernelTable<T>& kernels, Row<T>* row) {
    const size_t n = row->x.size();
    Guarded<T> dweight(n, 1);
    Guarded<T> dbias(n, 3);
    fill(&dweight, kSeed + 5);
    fill(&dbias, kSeed + 6);
    Guarded<T> dweight_before(n);
    Guarded<T> dbias_before(n);
    copy(dweight, &dweight_before);
    copy(dbias, &dbias_before);
    kernels.rows_column_sums(row->gradient(), dweight.data(), dbias.data());
    check_values("dweight", isa, *row, &dweight,
                 [&](size_t i) { return dweight_before[i] + row->dy[i] * row->xhat(i); });
    check_values("dbias", isa, *row, &dbias, [&](size_t i) { return dbias_before[i] + row->dy[i]; });
  });
}

template <typename T>
void map_gradient() {
  const T k2 = static_cast<T>(0.7);
  const T k1 = static_cast<T>(-0.2);
  each_row<T>([&](const char* isa, const KernelTable<T>& kernels, Row<T>* row) {
    const size_t n = row->x.size();
    Guarded<T> dx(n, 5);
    kernels.rows_map_gradient(row->gradient(), dx.data(), k2, k1);
    check_values("dx", isa, *row, &dx, [&](size_t i) {
      const T value = row->g(i) * row->fold.r + row->xhat(i) * k2;
      return row->centred ? value + k1 : value;
    });
    Guarded<T>& over = row->has_bias ? row->dy : row->x;
    kernels.rows_map_gradient(row->gradient(), over.data(), k2, k1);
    check_values("dx in place", isa, *row, &over, [&](size_t i) { return dx[i]; });
  });
}

// Reduce, fold and map of short rows, against the same steps row by row.
template <typename T>
void short_rows(double mean, double scale) {
  constexpr double kEps = 1e-5;
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    for (size_t n : run_lengths()) {
      if (n == 0 || n > naive::block<T>) continue;
      // Around the rows that are taken at a time.
      for (size_t rows : {1, 3, 4, 5, 9}) {
        const bool centred = (n + rows) % 3 != 0;
        Guarded<T> x(rows * n, kMisalignments[n % 4]);
        Guarded<T> y(rows * n, 5);
        Guarded<T> weight(n, 1);
        Guarded<T> bias(n, 2);
        Guarded<double> means(rows);
        Guarded<double> variances(rows);
        fill(&x, kSeed + n, mean, scale);
        fill(&weight, kSeed + 1, 1);
        fill(&bias, kSeed + 2);
        kernels.short_rows_forward(
            {x.data(), y.data(), n, weight.data(), bias.data(), means.data(), variances.data(), kEps, centred}, rows);
        for (size_t row = 0; row < rows; ++row) {
          const naive::Moments moments = naive::run_moments(x.data() + row * n, n, centred);
          const double variance = moments.m2 / static_cast<double>(n);
          const double rstd = 1 / std::sqrt(variance + kEps);
          const T mh = static_cast<T>(moments.mean);
          const T r = static_cast<T>(rstd);
          const T c = static_cast<T>(-(moments.mean - static_cast<double>(mh)) * rstd);
          bool same = same_bits(means[row], moments.mean) && same_bits(variances[row], variance);
          for (size_t i = 0; i < n; ++i) {
            const T value = x[row * n + i];
            const T xhat = centred ? (value - mh) * r + c : value * r;
            same = same && same_bits(y[row * n + i], xhat * weight[i] + bias[i]);
          }
          CHECK(same, "isa", isa, "type", type_name<T>(), "n", n, "row", row, "of", rows, "centred", centred);
        }
        CHECK(y.intact() && means.intact() && variances.intact(), "isa", isa, "n", n, "rows", rows);
      }
    }
  });
}

template <typename T>
void map_given() {
  each_row<T>([](const char* isa, const KernelTable<T>& kernels, Row<T>* row) {
    Guarded<T> dx(row->x.size(), 5);
    kernels.rows_map_given(row->gradient(), dx.data());
    check_values("dx", isa, *row, &dx, [&](size_t i) { return row->g(i) * row->fold.r; });
    kernels.rows_map_given(row->gradient(), row->dy.data());
    check_values("dx over dy", isa, *row, &row->dy, [&](size_t i) { return dx[i]; });
  });
}

}  // namespace

TEST(the_map) {
  map<float>();
  map<double>();
}

TEST(short_rows_as_a_whole) {
  short_rows<float>(3, 1);
  short_rows<double>(3, 1);
  short_rows<float>(0, 1e30);
  short_rows<float>(0, 1e-25);
}

TEST(gradient_sums) {
  sums<float>();
  sums<double>();
}

TEST(sums_for_weight_and_bias_are_added) {
  column_sums<float>();
  column_sums<double>();
}

TEST(the_map_of_the_gradient) {
  map_gradient<float>();
  map_gradient<double>();
}

TEST(the_map_of_the_gradient_where_statistics_are_given) {
  map_given<float>();
  map_given<double>();
}
