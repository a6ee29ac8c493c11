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

  // One row of its own, as a part: mean and variance are not read, because the fold is given.
  RowsBackward<T> part(T* dx, bool given, bool non_temporal, T* dweight, T* dbias) const {
    const T* weights = has_weight ? weight.data() : nullptr;
    return {dy.data(), x.data(), dx,    x.size(),     weights,      nullptr, nullptr,
            1e-5,      centred,  given, non_temporal, non_temporal, dweight, dbias};
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
    for (bool non_temporal : {false, true}) {
      kernels.part_map(row->x.data(), y.data(), n, non_temporal, weight, bias, row->fold, row->centred);
      check_values("y", isa, *row, &y, [&](size_t i) { return row->y(i); });
    }
    kernels.part_map(row->x.data(), row->x.data(), n, false, weight, bias, row->fold, row->centred);
    check_values("y over x", isa, *row, &row->x, [&](size_t i) { return y[i]; });
  });
}

template <typename T>
void sums() {
  each_row<T>([](const char* isa, const KernelTable<T>& kernels, Row<T>* row) {
    const Sums sums = kernels.part_gradient_sums(row->part(nullptr, false, false, nullptr, nullptr), row->fold);
    const naive::Pair expected = naive::run_sums<T>(
        row->x.size(), [&](size_t i) { return row->g(i); }, [&](size_t i) { return row->xhat(i); });
    CHECK(same_bits(sums.s1, expected.first) && same_bits(sums.s2, expected.second), "isa", isa, "type", type_name<T>(),
          "n", row->x.size(), "centred", row->centred, "weight", row->has_weight);
  });
}

// dx, and what is added to dweight and dbias, of one row whose sums are known.
template <typename T>
void map_gradient(bool given, bool non_temporal) {
  const T k2 = static_cast<T>(0.7);
  const T k1 = static_cast<T>(-0.2);
  each_row<T>([&](const char* isa, const KernelTable<T>& kernels, Row<T>* row) {
    const size_t n = row->x.size();
    const auto expected = [&](size_t i) {
      const T direct = row->g(i) * row->fold.r;
      if (given) return direct;
      const T value = direct + row->xhat(i) * k2;
      return row->centred ? value + k1 : value;
    };
    const RowGradientFold<T> fold{row->fold, k2, k1};
    Guarded<T> dx(n, 5);
    kernels.part_map_gradient(row->part(dx.data(), given, non_temporal, nullptr, nullptr), fold);
    check_values("dx", isa, *row, &dx, expected);

    Guarded<T> dweight(n, 1);
    Guarded<T> dbias(n, 3);
    fill(&dweight, kSeed + 5);
    fill(&dbias, kSeed + 6);
    Guarded<T> dweight_before(n);
    Guarded<T> dbias_before(n);
    copy(dweight, &dweight_before);
    copy(dbias, &dbias_before);
    kernels.part_map_gradient(row->part(dx.data(), given, non_temporal, dweight.data(), dbias.data()), fold);
    check_values("dx", isa, *row, &dx, expected);
    check_values("dweight", isa, *row, &dweight,
                 [&](size_t i) { return dweight_before[i] + row->dy[i] * row->xhat(i); });
    check_values("dbias", isa, *row, &dbias, [&](size_t i) { return dbias_before[i] + row->dy[i]; });

    Guarded<T>& over = row->has_bias ? row->dy : row->x;
    kernels.part_map_gradient(row->part(over.data(), given, false, nullptr, nullptr), fold);
    check_values("dx in place", isa, *row, &over, [&](size_t i) { return dx[i]; });
  });
}

// Reduce, fold and map of whole rows, against the same steps row by row.
template <typename T>
void forward(double mean, double scale) {
  constexpr double kEps = 1e-5;
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    for (size_t n : run_lengths()) {
      if (n == 0) continue;
      // Around the short rows that are taken at a time.
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
        const bool non_temporal = (n + rows) % 2 == 0;
        const bool has_weight = (n / 2 + rows) % 4 != 0;
        const bool has_bias = (n / 4 + rows) % 4 != 1;
        RowsForward<T> io{x.data(),
                          y.data(),
                          n,
                          has_weight ? weight.data() : nullptr,
                          has_bias ? bias.data() : nullptr,
                          means.data(),
                          variances.data(),
                          kEps,
                          centred,
                          false,
                          true,
                          non_temporal,
                          rows % 4 == 1};
        kernels.rows_forward(io, rows);
        for (size_t row = 0; row < rows; ++row) {
          const naive::Moments moments = naive::span_moments(x.data() + row * n, n, centred);
          const double variance = moments.m2 / static_cast<double>(n);
          const double rstd = 1 / std::sqrt(variance + kEps);
          const T mh = static_cast<T>(moments.mean);
          const T r = static_cast<T>(rstd);
          const T c = static_cast<T>(-(moments.mean - static_cast<double>(mh)) * rstd);
          bool same = same_bits(means[row], moments.mean) && same_bits(variances[row], variance);
          for (size_t i = 0; i < n; ++i) {
            const T value = x[row * n + i];
            const T xhat = centred ? (value - mh) * r + c : value * r;
            const T scaled = has_weight ? xhat * weight[i] : xhat;
            same = same && same_bits(y[row * n + i], has_bias ? scaled + bias[i] : scaled);
          }
          CHECK(same, "isa", isa, "type", type_name<T>(), "n", n, "row", row, "of", rows, "centred", centred);
        }
        CHECK(y.intact() && means.intact() && variances.intact(), "isa", isa, "n", n, "rows", rows);
        io.y = x.data();
        io.non_temporal = false;
        kernels.rows_forward(io, rows);
        bool same = true;
        for (size_t i = 0; i < rows * n; ++i) same = same && same_bits(x[i], y[i]);
        CHECK(same && x.intact(), "in place, isa", isa, "n", n, "rows", rows);
      }
    }
  });
}

// A block of rows, and what its backward pass writes.
template <typename T>
struct Block {
  Block(size_t rows, size_t n, bool given)
      : rows(rows),
        n(n),
        centred((n + rows) % 3 != 0),
        has_weight(n % 4 != 0),
        given(given),
        non_temporal((n + rows) % 2 == 0),
        x(rows * n, kMisalignments[n % 4]),
        dy(rows * n, 2),
        dx(rows * n, 5),
        weight(n, 1),
        dweight(n),
        dbias(n, 2),
        means(rows),
        variances(rows) {
    fill(&x, kSeed + n, 3);
    fill(&dy, kSeed + n + 1);
    fill(&weight, kSeed + 1, 1);
    fill(&means, kSeed + 2, 3);
    fill(&variances, kSeed + 3, 2);
    fill(&dweight, kSeed + 4);
    fill(&dbias, kSeed + 5);
  }

  void run(const KernelTable<T>& kernels) {
    kernels.rows_backward(
        {dy.data(), x.data(), dx.data(), n, has_weight ? weight.data() : nullptr, means.data(), variances.data(), kEps,
         centred, given, non_temporal, n % 2 == 0, dweight.data(), dbias.data()},
        rows);
  }

  // The same, of one row, by naive steps: its dx into `expected`, its part of the sums added to dweight and dbias.
  void expect_row(size_t row, std::vector<T>* expected, std::vector<T>* sums_weight, std::vector<T>* sums_bias) const {
    const T* row_x = x.data() + row * n;
    const T* row_dy = dy.data() + row * n;
    const double rstd = 1 / std::sqrt(variances[row] + kEps);
    const T mh = static_cast<T>(means[row]);
    const T r = static_cast<T>(rstd);
    const T c = static_cast<T>(-(means[row] - static_cast<double>(mh)) * rstd);
    std::vector<T> xhat(n), g(n);
    for (size_t i = 0; i < n; ++i) {
      xhat[i] = centred ? (row_x[i] - mh) * r + c : row_x[i] * r;
      g[i] = has_weight ? row_dy[i] * weight[i] : row_dy[i];
      (*sums_weight)[i] += row_dy[i] * xhat[i];
      (*sums_bias)[i] += row_dy[i];
    }
    const naive::Pair sums = naive::run_sums<T>(
        n, [&](size_t i) { return g[i]; }, [&](size_t i) { return xhat[i]; });
    const double length = static_cast<double>(n);
    const T k2 = static_cast<T>(-(rstd * (sums.second / length)));
    const T k1 = static_cast<T>(-(rstd * (sums.first / length)));
    for (size_t i = 0; i < n; ++i) {
      const T direct = g[i] * r;
      const T both = direct + xhat[i] * k2;
      (*expected)[row * n + i] = given ? direct : centred ? both + k1 : both;
    }
  }

  static constexpr double kEps = 1e-5;
  size_t rows, n;
  bool centred, has_weight, given, non_temporal;
  Guarded<T> x, dy, dx, weight, dweight, dbias;
  Guarded<double> means, variances;
};

template <typename T>
void check_block(const char* isa, const KernelTable<T>& kernels, size_t rows, size_t n, bool given) {
  Block<T> block(rows, n, given);
  std::vector<T> dx(rows * n);
  std::vector<T> dweight(block.dweight.data(), block.dweight.data() + n);
  std::vector<T> dbias(block.dbias.data(), block.dbias.data() + n);
  for (size_t row = 0; row < rows; ++row) block.expect_row(row, &dx, &dweight, &dbias);
  block.run(kernels);
  const bool same = same_bits(block.dx.data(), dx.data(), rows * n) &&
                    same_bits(block.dweight.data(), dweight.data(), n) &&
                    same_bits(block.dbias.data(), dbias.data(), n);
  const bool intact = block.dx.intact() && block.dweight.intact() && block.dbias.intact();
  CHECK(same && intact, "isa", isa, "type", type_name<T>(), "n", n, "rows", rows, "given", given);
}

// Backward of a block of rows: dx of each, and the sums for weight and bias over all, added to what is there.
template <typename T>
void backward(bool given) {
  each_isa<T>([&](const char* isa, const KernelTable<T>& kernels) {
    for (size_t n : run_lengths()) {
      for (size_t rows : {1, 2, 3, 32}) {
        if (n > 0 && (rows <= 3 || n <= 100)) check_block(isa, kernels, rows, n, given);
      }
    }
  });
}

template <typename T>
void end_block() {
  each_isa<T>([](const char* isa, const KernelTable<T>& kernels) {
    for (size_t n : run_lengths()) {
      Guarded<T> block(n, 1);
      Guarded<double> into(n, 3), expected(n);
      fill(&block, kSeed);
      fill(&into, kSeed + 1);
      for (size_t i = 0; i < n; ++i) expected[i] = into[i] + static_cast<double>(block[i]);
      kernels.rows_end_block(block.data(), into.data(), n);
      bool empty = true;
      for (size_t i = 0; i < n; ++i) empty = empty && block[i] == 0;
      CHECK(empty && same_bits(into.data(), expected.data(), n) && into.intact() && block.intact(), "isa", isa, "n", n);
    }
  });
}

template <typename T>
void gradients() {
  each_isa<T>([](const char* isa, const KernelTable<T>& kernels) {
    for (size_t n : run_lengths()) {
      Guarded<T> block(n, 1), gradient(n, 2), expected(n);
      Guarded<double> sums(n, 3);
      fill(&block, kSeed);
      fill(&sums, kSeed + 1);
      fill(&gradient, kSeed + 2);
      for (size_t i = 0; i < n; ++i) {
        const T after_block = static_cast<T>(static_cast<double>(gradient[i]) + static_cast<double>(block[i]));
        expected[i] = static_cast<T>(static_cast<double>(after_block) + sums[i]);
      }
      kernels.add_block_to_gradient(block.data(), gradient.data(), n);
      kernels.add_sums_to_gradient(sums.data(), gradient.data(), n);
      CHECK(same_bits(gradient.data(), expected.data(), n) && gradient.intact(), "isa", isa, "n", n);
    }
  });
}

}  // namespace

TEST(the_map) {
  map<float>();
  map<double>();
}

TEST(whole_rows_forward) {
  forward<float>(3, 1);
  forward<double>(3, 1);
  forward<float>(0, 1e30);
  forward<float>(0, 1e-25);
}

TEST(whole_rows_backward) {
  for (bool given : {false, true}) {
    backward<float>(given);
    backward<double>(given);
  }
}

TEST(blocks_end_empty) {
  end_block<float>();
  end_block<double>();
}

TEST(sums_join_the_parameters_gradients) {
  gradients<float>();
  gradients<double>();
}

TEST(gradient_sums) {
  sums<float>();
  sums<double>();
}

TEST(the_map_of_the_gradient) {
  for (bool given : {false, true}) {
    for (bool non_temporal : {false, true}) {
      map_gradient<float>(given, non_temporal);
      map_gradient<double>(given, non_temporal);
    }
  }
}
