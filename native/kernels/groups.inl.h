// Whole groups of planes, forward: as rows (rows_forward.inl.h), a group is mapped while the next one is reduced. Each
// plane has its own weight and bias. Included by isa/*.cc inside its namespace; no include guard.

// The maps of a group's planes, one after another, taken on by parts.
template <typename V>
class PacedGroup {
 public:
  using T = typename V::Scalar;
  static constexpr size_t kStepsBetween = PacedMap<V, PlaneMap<V>>::kStepsBetween;

  EVENKEEL_MEMBER PacedGroup(const GroupsForward<T>& io, size_t group, double rstd)
      : io_(io), group_(group), rstd_(rstd), plane_(0), map_(map_of(0)) {}

  // One plane at a time: of planes shorter than a turn some are left for `finish`.
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

  EVENKEEL_MEMBER PacedMap<V, PlaneMap<V>> map_of(size_t plane) const {
    const size_t count = io_.planes * io_.spatial;
    const size_t at = group_ * count + plane * io_.spatial;
    const size_t channel = (io_.first + group_) % io_.groups * io_.planes + plane;
    const T* x = io_.x + at;
    T* y = io_.y + at;
    // In place the result's lines are there.
    const bool next_group = io_.non_temporal || io_.x == io_.y;
    const Prefetcher lines =
        next_group ? Prefetcher(x, count + kReducePrefetchDistance<T>) : Prefetcher(y, kMapPrefetchDistance<T>);
    const PlaneFold<T> fold = fold_plane(io_.mean[group_], rstd_, io_.weight, io_.bias, channel);
    return {y, io_.spatial, io_.non_temporal, PlaneMap<V>(x, y, lines, fold)};
  }

  const GroupsForward<T>& io_;
  const size_t group_;
  const double rstd_;
  size_t plane_;
  PacedMap<V, PlaneMap<V>> map_;
};

template <bool kCentred, typename V, typename Beside>
EVENKEEL_INLINE void reduce_group(const GroupsForward<typename V::Scalar>& io, size_t group, Beside& beside) {
  using T = typename V::Scalar;
  const size_t count = io.planes * io.spatial;
  const T* x = io.x + group * count;
  Moments total;
  for (size_t i = 0; i < count; i += kPartition<T>) {
    const Moments partition = moments_beside<kCentred, V>(x + i, smaller(kPartition<T>, count - i), beside);
    merge(&total, partition.count, partition.mean, partition.m2);
  }
  io.mean[group] = total.mean;
  io.variance[group] = variance_of(total);
}

template <typename T>
EVENKEEL_INLINE bool is_ordinary_group(const GroupsForward<T>& io, size_t group, double rstd) {
  if (!are_ordinary_statistics<T>(io.mean[group], io.variance[group], io.eps)) return false;
  // Ordinary statistics have an ordinary scale where there is no weight.
  if (!io.weight) return true;
  const T* weight = io.weight + (io.first + group) % io.groups * io.planes;
  for (size_t plane = 0; plane < io.planes; ++plane) {
    if (!is_ordinary_scale(static_cast<T>(rstd * static_cast<double>(weight[plane])), weight[plane])) return false;
  }
  return true;
}

template <bool kCentred, typename V>
static void groups_forward_all(const GroupsForward<typename V::Scalar>& io, size_t groups) {
  using T = typename V::Scalar;
  const RstdBounds sure = sure_bounds(io.weight, io.groups * io.planes);
  NothingBeside nothing;
  if (groups > 0) reduce_group<kCentred, V>(io, 0, nothing);
  for (size_t group = 0; group < groups; ++group) {
    double rstd = rstd_of(io.variance[group], io.eps);
    const bool surely = std::fabs(io.mean[group]) < Range<T>::kMean && rstd >= sure.least && rstd <= sure.most;
    if (!surely && !is_ordinary_group(io, group, rstd)) {
      if (map_wide_group(io, group)) {
        if (group + 1 < groups) reduce_group<kCentred, V>(io, group + 1, nothing);
        continue;
      }
      rstd = rstd_of(io.variance[group], io.eps);
    }
    PacedGroup<V> paced(io, group, rstd);
    if (group + 1 < groups) reduce_group<kCentred, V>(io, group + 1, paced);
    paced.finish();
  }
}

template <typename V>
static void groups_forward(const GroupsForward<typename V::Scalar>& io, size_t groups) {
  if (io.centred) return groups_forward_all<true, V>(io, groups);
  return groups_forward_all<false, V>(io, groups);
}
