// Adds up the column sums of rows after a block of rows. Compilers vectorize these loops over the columns. Included by
// isa/*.cc inside its namespace; no include guard.

template <typename T>
static void rows_end_block(T* block, double* into, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    into[j] += static_cast<double>(block[j]);
    block[j] = 0;
  }
}

// Sum is the type of the sums: T for a block's sums, or double.
template <typename T, typename Sum>
static void add_to_gradient(const Sum* sums, T* gradient, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    gradient[j] = static_cast<T>(static_cast<double>(gradient[j]) + static_cast<double>(sums[j]));
  }
}
