// What the column sums of rows go through after a block of rows. Included by isa/*.cc inside its namespace; no include
// guard. The compiler takes several columns at a time.

template <typename V>
static void rows_end_block(typename V::Scalar* block, double* into, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    into[j] += static_cast<double>(block[j]);
    block[j] = 0;
  }
}

// Sum: that of a block, or float64.
template <typename V, typename Sum>
static void add_to_gradient(const Sum* sums, typename V::Scalar* gradient, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    gradient[j] = static_cast<typename V::Scalar>(static_cast<double>(gradient[j]) + static_cast<double>(sums[j]));
  }
}
