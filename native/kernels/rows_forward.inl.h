// Whole rows, forward: reduce -> fold -> map, a row at a time while it is in the cache. Included by isa/*.cc inside its
// namespace; no include guard. Short rows: short_rows.inl.h.

template <typename V>
EVENKEEL_INLINE RowFold<typename V::Scalar> reduce_and_fold(const RowsForward<typename V::Scalar>& io, size_t row) {
  if (!io.given) {
    const Cell cell = run_moments<V>(io.x + row * io.length, io.length, io.centred);
    io.mean[row] = cell.mean;
    io.variance[row] = variance_of(cell);
  }
  return fold_row<typename V::Scalar>(io.mean[row], io.variance[row], io.eps);
}

// A row is mapped after the next one has been reduced: its divisions and its square root take as long as a few hundred
// elements, and have the next row's sums to run beside. Meanwhile the row after that is fetched.
template <typename V>
static void long_rows_forward(const RowsForward<typename V::Scalar>& io, size_t begin, size_t rows) {
  if (begin == rows) return;
  RowFold<typename V::Scalar> fold = reduce_and_fold<V>(io, begin);
  for (size_t row = begin; row < rows; ++row) {
    const size_t next = smaller(row + 1, rows - 1);
    const size_t after = smaller(row + 2, rows - 1);
    const RowFold<typename V::Scalar> next_fold = next > row ? reduce_and_fold<V>(io, next) : fold;
    const size_t at = row * io.length;
    row_map<V>({io.x + at, io.y + at, io.length, io.weight, io.bias, fold, io.past_cache, io.x + after * io.length},
               io.centred);
    fold = next_fold;
  }
}

template <typename V>
static void rows_forward(const RowsForward<typename V::Scalar>& io, size_t rows) {
  // A batch is mapped a column at a time, its four rows side by side, so that no line is whole for a store past the
  // cache.
  const size_t bytes = io.length * sizeof(typename V::Scalar);
  const bool batches = !io.given && !io.past_cache && bytes > 0 && bytes <= kShortRowBytes;
  long_rows_forward<V>(io, batches ? short_rows_forward<V>(io, rows) : 0, rows);
}
