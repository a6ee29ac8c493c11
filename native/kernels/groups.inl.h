// Whole groups of planes, forward. Each plane has its own weight and bias. Groups with small planes are processed in
// bundles: the groups of a bundle are reduced, then mapped. A group with larger planes is mapped while the next group
// is reduced, as rows are (rows_forward.inl.h). Included by isa/*.cc inside its namespace; no include guard.

// The map of a group in parts, one plane after another, so that a reduce can run beside it.
template <typename S>
class PacedGroup {
  using Paced = PacedMap<PlaneMap<S>>;

 public:
  static constexpr size_t kStepsBetween = Paced::kStepsBetween;

  EVENKEEL_MEMBER PacedGroup(const GroupsForward<S>& io, size_t group, double rstd)
      : io_(io), group_(group), rstd_(rstd), plane_(0), map_(map_of(0)) {}

  // Maps the next part of the current plane. If planes are shorter than a part, some are left for finish().
  EVENKEEL_MEMBER void next() {
    map_.next();
    if (map_.at_end() && plane_ + 1 < io_.planes) end_plane();
  }

  EVENKEEL_MEMBER void finish() {
    while (plane_ + 1 < io_.planes) end_plane();
    map_.finish();
  }

 private:
  EVENKEEL_MEMBER void end_plane() {
    map_.finish();
    map_ = map_of(++plane_);
  }

  EVENKEEL_MEMBER Paced map_of(size_t plane) const {
    const size_t count = io_.planes * io_.spatial;
    const size_t at = group_ * count + plane * io_.spatial;
    const size_t channel = (io_.first + group_) % io_.groups * io_.planes + plane;
    const Source<S> x{io_.x + at};
    const Sink<S> y{io_.y + at, io_.stores};
    // If the map is in place, the cache lines of the result are already in the cache.
    const bool next_group = y.non_temporal() || io_.x == io_.y;
    const Prefetcher ahead =
        next_group ? x.ahead(count + kReducePrefetchDistance<S>) : y.ahead(kMapPrefetchDistance<S>);
    const PlaneFold<Compute<S>> fold = fold_plane(io_.mean[group_], rstd_, io_.weight, io_.bias, channel);
    return {io_.spatial, PlaneMap<S>{x, y, ahead, plane_numbers<VectorOf<S>>(fold)}};
  }

  const GroupsForward<S>& io_;
  const size_t group_;
  const double rstd_;
  size_t plane_;
  Paced map_;
};

// The statistics of a group, merged from reduce(x, n) of its partitions.
template <typename S, typename Reduce>
EVENKEEL_INLINE void reduce_partitions(const GroupsForward<S>& io, size_t group, const Reduce& reduce) {
  constexpr size_t length = kPartition<Compute<S>>;
  const size_t count = io.planes * io.spatial;
  const Source<S> x{io.x + group * count};
  Moments total;
  for (size_t i = 0; i < count; i += length) {
    const Moments partition = reduce(x + i, smaller(length, count - i));
    merge(&total, partition.count, partition.mean, partition.m2);
  }
  io.mean[group] = total.mean;
  io.variance[group] = variance_of(total);
}

template <typename S>
static void reduce_group(const GroupsForward<S>& io, size_t group) {
  reduce_partitions(io, group, [&](Source<S> x, size_t n) { return moments_of(x, n, io.centred); });
}

// The same, while a map runs beside it.
template <typename S, typename Beside>
EVENKEEL_INLINE void reduce_group_beside(const GroupsForward<S>& io, size_t group, Beside& beside) {
  reduce_partitions(io, group, [&](Source<S> x, size_t n) {
    return io.centred ? moments_beside<true>(x, n, beside) : moments_beside<false>(x, n, beside);
  });
}

template <typename S>
EVENKEEL_INLINE bool is_ordinary_group(const GroupsForward<S>& io, size_t group, double rstd) {
  using T = Compute<S>;
  if (!are_ordinary_statistics<T>(io.mean[group], io.variance[group], io.eps)) return false;
  // Without a weight, ordinary statistics have an ordinary scale.
  if (!io.weight) return true;
  const T* weight = io.weight + (io.first + group) % io.groups * io.planes;
  for (size_t plane = 0; plane < io.planes; ++plane) {
    if (!is_ordinary_scale(static_cast<T>(rstd * static_cast<double>(weight[plane])), weight[plane])) return false;
  }
  return true;
}

// Whether a group is ordinary, by few comparisons. It may be false for a group that is ordinary, but is true for most
// groups.
template <typename T>
EVENKEEL_INLINE bool is_surely_ordinary(const RstdBounds& sure, double mean, double rstd) {
  return std::fabs(mean) < Range<T>::kMean && rstd >= sure.least && rstd <= sure.most;
}

template <typename S>
static void large_planes_forward(const GroupsForward<S>& io, size_t groups) {
  using T = Compute<S>;
  const RstdBounds sure = sure_bounds(io.weight, io.groups * io.planes);
  if (groups > 0) reduce_group(io, 0);
  for (size_t group = 0; group < groups; ++group) {
    double rstd = rstd_of(io.variance[group], io.eps);
    if (!is_surely_ordinary<T>(sure, io.mean[group], rstd) && !is_ordinary_group(io, group, rstd)) {
      if (map_wide_group(io, group)) {
        if (group + 1 < groups) reduce_group(io, group + 1);
        continue;
      }
      rstd = rstd_of(io.variance[group], io.eps);
    }
    PacedGroup<S> paced(io, group, rstd);
    if (group + 1 < groups) reduce_group_beside(io, group + 1, paced);
    paced.finish();
  }
}

// The most groups in a bundle, and the most bytes of x that they have together. The map reads these bytes again from
// the L1 cache.
constexpr size_t kGroupBundle = 64;
constexpr size_t kGroupBundleBytes = size_t{16} << 10;
// The most planes whose numbers are computed before they are mapped.
constexpr size_t kFoldedPlanes = 64;

// The numbers of `planes` planes.
template <typename T>
struct FoldedPlanes {
  size_t planes = 0;
  T mh[kFoldedPlanes];
  T a[kFoldedPlanes];
  T b[kFoldedPlanes];

  // Adds the numbers of n planes of consecutive channels. kOneEach: each plane is a group. Otherwise all n planes are
  // of one group. mean, rstd: of these groups. weight, bias: of these channels, or null.
  template <bool kOneEach>
  EVENKEEL_MEMBER void fold(const double* mean, const double* rstd, size_t n, const T* weight, const T* bias) {
    for (size_t i = 0; i < n; ++i) {
      const size_t group = kOneEach ? i : 0;
      const PlaneFold<T> fold = fold_plane(mean[group], rstd[group], weight, bias, i);
      mh[planes + i] = fold.mh;
      a[planes + i] = fold.a;
      b[planes + i] = fold.b;
    }
    planes += n;
  }
};

// Maps the groups [begin, end). rstd: one for each of them.
template <typename S>
static void map_groups(const GroupsForward<S>& io, size_t begin, size_t end, const double* rstd) {
  using T = Compute<S>;
  FoldedPlanes<T> folded;
  const bool next_bundle = io.stores == Stores::non_temporal || io.x == io.y;
  const size_t next = next_bundle ? (end - begin) * io.planes * io.spatial + kReducePrefetchDistance<S> : 0;
  const size_t channels = io.groups * io.planes;
  size_t plane = begin * io.planes;
  size_t channel = (io.first * io.planes + plane) % channels;
  for (const size_t last = end * io.planes; plane < last;) {
    const size_t first = plane;
    while (plane < last && folded.planes < kFoldedPlanes) {
      const size_t group = plane / io.planes;
      const size_t room = smaller(kFoldedPlanes - folded.planes, last - plane);
      const T* weight = io.weight ? io.weight + channel : nullptr;
      const T* bias = io.bias ? io.bias + channel : nullptr;
      size_t n = smaller(room, channels - channel);
      if (io.planes == 1) {
        folded.template fold<true>(io.mean + group, rstd + (group - begin), n, weight, bias);
      } else {
        n = smaller(n, (group + 1) * io.planes - plane);
        folded.template fold<false>(io.mean + group, rstd + (group - begin), n, weight, bias);
      }
      plane += n;
      channel = channel + n == channels ? 0 : channel + n;
    }
    const size_t at = first * io.spatial;
    planes_map<S>({io.x + at, io.y + at, folded.planes, io.spatial, folded.mh, folded.a, folded.b, next, io.stores});
    folded.planes = 0;
  }
}

// The statistics of the groups [begin, end).
template <typename S>
static void reduce_groups(const GroupsForward<S>& io, size_t begin, size_t end) {
  const size_t count = io.planes * io.spatial;
  if (count <= kBlock<Compute<S>>) {
    double* m2 = io.variance + begin;
    planes_moments(io.x + begin * count, {end - begin, 1, count, 0}, io.centred, io.mean + begin, m2);
    for (size_t i = 0; i < end - begin; ++i) m2[i] /= static_cast<double>(count);
    return;
  }
  for (size_t group = begin; group < end; ++group) {
    reduce_group(io, group);
  }
}

template <typename S>
static void small_planes_forward(const GroupsForward<S>& io, size_t groups) {
  const RstdBounds sure = sure_bounds(io.weight, io.groups * io.planes);
  const size_t fitting = kGroupBundleBytes / (io.planes * io.spatial * sizeof(S));
  const size_t bundle = larger(1, smaller(kGroupBundle, fitting));
  for (size_t begin = 0; begin < groups; begin += bundle) {
    const size_t end = smaller(begin + bundle, groups);
    reduce_groups(io, begin, end);
    double rstd[kGroupBundle];
    size_t surely = 0;
    for (size_t i = 0; i < end - begin; ++i) rstd[i] = rstd_of(io.variance[begin + i], io.eps);
    for (size_t i = 0; i < end - begin; ++i)
      surely += is_surely_ordinary<Compute<S>>(sure, io.mean[begin + i], rstd[i]);
    if (surely == end - begin) {
      map_groups(io, begin, end, rstd);
      continue;
    }
    for (size_t group = begin; group < end; ++group) {
      double* own = rstd + (group - begin);
      if (!is_ordinary_group(io, group, *own)) {
        if (map_wide_group(io, group)) continue;
        // The group is ordinary with the variance that map_wide_group() has put in the place of the first one.
        *own = rstd_of(io.variance[group], io.eps);
      }
      map_groups(io, group, group + 1, own);
    }
  }
}

// Whether groups are processed in bundles: if planes are shorter than what is mapped between two parts of a reduce, or
// if a group is at most a block and its planes are below kShortestAligned. Larger groups gain when their stores leave
// the core while the next group is reduced (docs/decisions/0020).
template <typename S>
EVENKEEL_INLINE bool takes_small_planes(const GroupsForward<S>& io) {
  const size_t bytes = io.spatial * sizeof(S);
  const bool short_groups = io.planes * io.spatial <= kBlock<Compute<S>>;
  return bytes < PacedGroup<S>::kStepsBetween * kStepBytes || (short_groups && bytes < kShortestAligned);
}

template <typename S>
static void groups_forward(const GroupsForward<S>& io, size_t groups) {
  if (takes_small_planes(io)) return small_planes_forward(io, groups);
  return large_planes_forward(io, groups);
}
