// Whole rows, forward: reduce -> fold -> map, a row at a time while it is in the cache. Included by isa/*.cc inside its
// namespace; no include guard. Short rows: short_rows.inl.h.

template <bool kCentred, typename V, typename Beside>
EVENKEEL_INLINE RowFold<typename V::Scalar> reduce_and_fold(const RowsForward<typename V::Scalar>& io, size_t row,
                                                            Beside& beside) {
  if (!io.given) {
    const Cell cell = moments_beside<kCentred, V>(io.x + row * io.length, io.length, beside);
    io.mean[row] = cell.mean;
    io.variance[row] = variance_of(cell);
  }
  return fold_row<typename V::Scalar>(io.mean[row], io.variance[row], io.eps);
}

// A row is mapped while the next one is reduced, a few lines of each in turn: the stores of one leave the core while
// the other is summed. What both will come to is fetched meanwhile.
template <typename V, bool kCentred, bool kWeight, bool kBias>
static void long_rows_forward(const RowsForward<typename V::Scalar>& io, size_t begin, size_t rows) {
  using T = typename V::Scalar;
  if (begin == rows) return;
  NothingBeside nothing;
  RowFold<T> fold = reduce_and_fold<kCentred, V>(io, begin, nothing);
  const size_t last = (rows - 1) * io.length;
  for (size_t row = begin; row < rows; ++row) {
    const size_t at = row * io.length;
    const T* ahead = io.x + smaller(at + io.length + kAheadOfReduce<T>, last);
    RowMap<V, kCentred, kWeight, kBias> map{
        {io.x + at, io.y + at, io.length, io.weight, io.bias, fold, io.past_cache, ahead}, row_vectors<V>(fold)};
    PacedMap<V, decltype(map)> paced(map.row.y, io.length, io.past_cache, map);
    if (row + 1 < rows) fold = reduce_and_fold<kCentred, V>(io, row + 1, paced);
    paced.finish();
  }
}

template <typename V, bool kCentred>
EVENKEEL_INLINE void long_rows_affine(const RowsForward<typename V::Scalar>& io, size_t begin, size_t rows) {
  if (io.weight && io.bias) return long_rows_forward<V, kCentred, true, true>(io, begin, rows);
  if (io.weight) return long_rows_forward<V, kCentred, true, false>(io, begin, rows);
  if (io.bias) return long_rows_forward<V, kCentred, false, true>(io, begin, rows);
  return long_rows_forward<V, kCentred, false, false>(io, begin, rows);
}

template <typename V>
static void rows_forward(const RowsForward<typename V::Scalar>& io, size_t rows) {
  // A batch is mapped a column at a time, its four rows side by side, so that no line is whole for a store past the
  // cache.
  const size_t bytes = io.length * sizeof(typename V::Scalar);
  const bool batches = !io.given && !io.past_cache && bytes > 0 && bytes <= kShortRowBytes;
  const size_t begin = batches ? short_rows_forward<V>(io, rows) : 0;
  if (io.centred) return long_rows_affine<V, true>(io, begin, rows);
  return long_rows_affine<V, false>(io, begin, rows);
}
