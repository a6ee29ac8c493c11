// Whole rows, forward: reduce -> fold -> map. A row is mapped while it is in the cache. short_rows.inl.h has the
// bundles of short rows. Included by isa/*.cc inside its namespace; no include guard.

template <typename T>
static void keep_statistics(const RowsForward<T>& io, size_t row, const Moments& entry) {
  io.mean[row] = entry.mean;
  io.variance[row] = variance_of(entry);
}

// Maps each row while the next row is reduced, a few cache lines of each in turn. The stores of one leave the core
// while the other is summed. The elements that come next are prefetched meanwhile.
template <typename V, bool kCentred, bool kWeight, bool kBias>
static void single_rows_forward(const RowsForward<typename V::Scalar>& io, size_t begin, size_t rows) {
  using T = typename V::Scalar;
  if (begin == rows) return;
  const size_t n = io.length;
  if (!io.given) keep_statistics(io, begin, span_moments<V>(io.x + begin * n, n, kCentred));
  for (size_t row = begin; row < rows; ++row) {
    const T* x = io.x + row * n;
    T* y = io.y + row * n;
    const T* prefetch_at = io.x + smaller((row + 1) * n + kReducePrefetchDistance<T>, (rows - 1) * n);
    if (!are_ordinary_statistics<T>(io.mean[row], io.variance[row], io.eps) && map_wide_row(io, row)) {
      if (!io.given && row + 1 < rows) keep_statistics(io, row + 1, span_moments<V>(x + n, n, kCentred));
      continue;
    }
    const RowFold<T> fold = fold_row<T>(io.mean[row], io.variance[row], io.eps);
    const RowMap<V, kCentred, kWeight, kBias> map{{x, y, n, io.weight, io.bias, fold, io.non_temporal, prefetch_at},
                                                  row_vectors<V>(fold)};
    PacedMap<V, RowMap<V, kCentred, kWeight, kBias>> paced(y, n, io.non_temporal, map);
    if (!io.given && row + 1 < rows) keep_statistics(io, row + 1, moments_beside<kCentred, V>(x + n, n, paced));
    paced.finish();
  }
}

// Rows with a bias and no weight, which are rare. Each row is reduced, then mapped, so that no more loops are compiled.
template <typename V>
static void plain_rows_forward(const RowsForward<typename V::Scalar>& io, size_t begin, size_t rows) {
  const size_t n = io.length;
  for (size_t row = begin; row < rows; ++row) {
    if (!io.given) keep_statistics(io, row, span_moments<V>(io.x + row * n, n, io.centred));
    map_rows<V>(io, row, row + 1);
  }
}

template <typename V, bool kCentred>
EVENKEEL_INLINE void single_rows_affine(const RowsForward<typename V::Scalar>& io, size_t begin, size_t rows) {
  if (io.weight && io.bias) return single_rows_forward<V, kCentred, true, true>(io, begin, rows);
  if (io.bias) return plain_rows_forward<V>(io, begin, rows);
  if (io.weight) return single_rows_forward<V, kCentred, true, false>(io, begin, rows);
  return single_rows_forward<V, kCentred, false, false>(io, begin, rows);
}

template <typename V>
static void rows_forward(const RowsForward<typename V::Scalar>& io, size_t rows) {
  // Non-temporal stores need whole cache lines. A bundle does not write these: it is mapped one vector of columns at a
  // time, for all its rows.
  const size_t bytes = io.length * sizeof(typename V::Scalar);
  const bool bundles = !io.given && !io.non_temporal && bytes > 0 && bytes <= kShortRowBytes;
  const size_t begin = bundles ? short_rows_forward<V>(io, rows) : 0;
  if (io.centred) return single_rows_affine<V, true>(io, begin, rows);
  return single_rows_affine<V, false>(io, begin, rows);
}
