// Rows of at most a block, several at a time: their divisions and square roots run side by side, and nothing is called
// between reduce and map. The arithmetic of each row is that of runs.inl.h and rows.inl.h.
// Included by isa/*.cc inside its namespace; no include guard.

// Rows at a time. Their sums fit a vector of float64 on AVX2; more rows gain nothing there.
constexpr size_t kRowBatch = 4;
// Longer rows are slower so, once they come from memory (docs/decisions/0006). At most a block.
constexpr size_t kShortRowBytes = 1024;

// mean, variance: [kRowBatch], of the rows from x on.
template <typename V>
EVENKEEL_INLINE void short_moments(const RowsForward<typename V::Scalar>& io, const typename V::Scalar* x, size_t rows,
                                   double* mean, double* variance) {
  using T = typename V::Scalar;
  const size_t n = io.length;
  const double count = static_cast<double>(n);
  const size_t head = head_of<T>(n);
  double shift[kRowBatch];
  double s1[kRowBatch] = {};
  double s2[kRowBatch] = {};
  if (io.centred) {
    for (size_t r = 0; r < rows; ++r) shift[r] = head_sum<V>(x + r * n, head);
    for (size_t r = 0; r < rows; ++r) shift[r] = static_cast<T>(shift[r] / static_cast<double>(head));
    for (size_t r = 0; r < rows; ++r) {
      const Sums sums = shifted_sums<V>(x + r * n, n, static_cast<T>(shift[r]));
      s1[r] = sums.s1;
      s2[r] = sums.s2;
    }
    for (size_t r = 0; r < rows; ++r) {
      const Cell cell = finish_moments(shift[r], s1[r], s2[r], count);
      mean[r] = cell.mean;
      variance[r] = cell.m2 / count;
    }
  } else {
    for (size_t r = 0; r < rows; ++r) {
      s2[r] = squares_sum<V>(x + r * n, n);
      mean[r] = 0;
      variance[r] = s2[r] / count;
    }
  }
  if (sizeof(T) == 8) return;
  for (size_t r = 0; r < rows; ++r) {
    if (squares_trusted(io.centred || s2[r] != 0 ? s1[r] : 1, s2[r])) continue;
    const Cell cell = wide_moments(x + r * n, n, 1, io.centred);
    mean[r] = cell.mean;
    variance[r] = cell.m2 / count;
  }
}

template <typename V>
static void short_rows_forward(const RowsForward<typename V::Scalar>& io, size_t rows) {
  using T = typename V::Scalar;
  for (size_t row = 0; row < rows; row += kRowBatch) {
    const size_t batch = smaller(kRowBatch, rows - row);
    const T* x = io.x + row * io.length;
    T* y = io.y + row * io.length;
    double* mean = io.mean + row;
    double* variance = io.variance + row;
    RowFold<T> folds[kRowBatch];
    short_moments<V>(io, x, batch, mean, variance);
    for (size_t r = 0; r < batch; ++r) folds[r] = fold_row<T>(mean[r], variance[r], io.eps);
    for (size_t r = 0; r < batch; ++r) {
      const T* row_x = x + r * io.length;
      row_map<V>({row_x, y + r * io.length, io.length, io.weight, io.bias, folds[r], io.past_cache, row_x}, io.centred);
    }
  }
}
