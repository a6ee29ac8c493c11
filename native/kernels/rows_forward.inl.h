// Whole rows, forward: reduce -> fold -> map. A row is mapped while it is in the cache. short_rows.inl.h has the
// bundles of short rows. Included by isa/*.cc inside its namespace; no include guard.

template <typename S>
static void keep_statistics(const RowsForward<S>& io, size_t row, const Moments& entry) {
  io.mean[row] = entry.mean;
  io.variance[row] = variance_of(entry);
}

// Maps each row while the next row is reduced, a few cache lines of each in turn. The stores of one leave the core
// while the other is summed. The elements that come next are prefetched meanwhile.
template <bool kCentred, bool kWeight, bool kBias, typename S>
static void single_rows_forward(const RowsForward<S>& io, size_t begin, size_t rows) {
  using T = Compute<S>;
  using Map = RowMap<Source<S>, S, kCentred, kWeight, kBias>;
  if (begin == rows) return;
  const size_t n = io.length;
  if (!io.given) keep_statistics(io, begin, span_moments(io.x + begin * n, n, kCentred));
  for (size_t row = begin; row < rows; ++row) {
    const Source<S> x{io.x + row * n};
    const Source<S> ahead{io.x + smaller((row + 1) * n + kReducePrefetchDistance<S>, (rows - 1) * n)};
    if (!are_ordinary_statistics<T>(io.mean[row], io.variance[row], io.eps) && map_wide_row(io, row)) {
      if (!io.given && row + 1 < rows) keep_statistics(io, row + 1, moments_of(x + n, n, kCentred));
      continue;
    }
    const RowFold<T> fold = fold_row<T>(io.mean[row], io.variance[row], io.eps);
    const Map map{{x, n, io.weight, io.bias, fold, ahead}, {io.y + row * n, io.stores}, row_vectors<VectorOf<S>>(fold)};
    PacedMap<Map> paced(n, map);
    if (!io.given && row + 1 < rows) keep_statistics(io, row + 1, moments_beside<kCentred>(x + n, n, paced));
    paced.finish();
  }
}

// Rows with a bias and no weight, which are rare. Each row is reduced, then mapped, so that no more loops are compiled.
template <typename S>
static void plain_rows_forward(const RowsForward<S>& io, size_t begin, size_t rows) {
  const size_t n = io.length;
  for (size_t row = begin; row < rows; ++row) {
    if (!io.given) keep_statistics(io, row, span_moments(io.x + row * n, n, io.centred));
    map_rows(io, row, row + 1);
  }
}

template <bool kCentred, typename S>
EVENKEEL_INLINE void single_rows_affine(const RowsForward<S>& io, size_t begin, size_t rows) {
  if (io.weight && io.bias) return single_rows_forward<kCentred, true, true>(io, begin, rows);
  if (io.bias) return plain_rows_forward(io, begin, rows);
  if (io.weight) return single_rows_forward<kCentred, true, false>(io, begin, rows);
  return single_rows_forward<kCentred, false, false>(io, begin, rows);
}

template <typename S>
static void rows_forward(const RowsForward<S>& io, size_t rows) {
  // Non-temporal stores need whole cache lines. A bundle does not write these: it is mapped one vector of columns at a
  // time, for all its rows.
  const size_t bytes = io.length * sizeof(S);
  const bool bundles = !io.given && io.stores != Stores::non_temporal && bytes > 0 && bytes <= kShortRowBytes;
  const size_t begin = bundles ? short_rows_forward(io, rows) : 0;
  if (io.centred) return single_rows_affine<true>(io, begin, rows);
  return single_rows_affine<false>(io, begin, rows);
}
