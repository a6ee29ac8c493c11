// Map over planes that lie side by side. The numbers of a channel are scalars, and change where a plane begins. The
// vectors follow the cache lines of the result across all planes. A vector across the border of two planes has the
// numbers of both. Included by isa/*.cc inside its namespace; no include guard.
//
// A map of planes is a map (map.inl.h) with
//   Numbers k
//     the numbers that part() maps with, one vector of each
//   Numbers of(size_t plane) const
//     the numbers of one plane
//   template <bool kFull> Numbers at(size_t plane, size_t n) const
//     the numbers of n planes of one element each, at most V::width

// Maps planes from the first on, and changes the numbers of the map where a plane begins.
template <typename Map>
class PlaneCursor {
  using V = VectorBy<Map>;

 public:
  EVENKEEL_MEMBER PlaneCursor(size_t spatial, Map* map) : spatial_(spatial), map_(map), end_(spatial) {
    map_->k = map_->of(0);
  }

  // Maps [at_, end) by vectors that do not cross the end of a plane.
  EVENKEEL_MEMBER void parts(size_t end) {
    while (at_ < end) {
      if (at_ == end_) next_plane();
      const size_t n = smaller(V::width, smaller(end, end_) - at_);
      if (n == V::width) {
        map_->template part<true, false>(at_, n);
      } else {
        map_->template part<false, false>(at_, n);
      }
      at_ += n;
    }
  }

  // Maps [at_, end) by whole vectors. Planes have at least V::width elements. kNonTemporal: a cache line of the result
  // begins at at_.
  template <bool kNonTemporal>
  EVENKEEL_MEMBER void vectors(size_t end) {
    while (at_ + V::width <= end) {
      const size_t whole = smaller(end_, end);
      at_ = map_cache_lines<kNonTemporal>(at_, whole, *map_);
      for (; at_ + V::width <= whole; at_ += V::width) map_->template part<true, kNonTemporal>(at_, V::width);
      if (end_ < end) border<kNonTemporal>(end);
    }
  }

 private:
  template <bool kNonTemporal>
  EVENKEEL_MEMBER void border(size_t end) {
    const size_t left = end_ - at_;
    if (left > 0 && at_ + V::width > end) return;
    const typename Map::Numbers before = map_->k;
    next_plane();
    if (left == 0) return;
    const typename Map::Numbers after = map_->k;
    map_->prefetch_at(at_);
    map_->k = blend(before, after, left);
    map_->template part<true, kNonTemporal>(at_, V::width);
    map_->k = after;
    at_ += V::width;
  }

  EVENKEEL_MEMBER void next_plane() {
    map_->k = map_->of(++plane_);
    end_ += spatial_;
  }

  const size_t spatial_;
  Map* const map_;
  size_t at_ = 0;
  size_t plane_ = 0;
  // The end of the plane at at_.
  size_t end_;
};

// Maps planes of one element each. Their numbers lie side by side, as the elements do.
template <typename Map>
EVENKEEL_INLINE void map_elements(size_t n, Map& map) {
  using V = VectorBy<Map>;
  size_t i = 0;
  for (; i + V::width <= n; i += V::width) {
    map.k = map.template at<true>(i, V::width);
    map.template part<true, false>(i, V::width);
  }
  if (i == n) return;
  map.k = map.template at<false>(i, n - i);
  map.template part<false, false>(i, n - i);
}

template <typename Map>
EVENKEEL_INLINE void map_planes(size_t planes, size_t spatial, Map&& map) {
  if (spatial == 1) return map_elements(planes, map);
  const size_t total = planes * spatial;
  PlaneCursor<std::remove_reference_t<Map>> cursor(spatial, &map);
  if (spatial >= VectorBy<Map>::width) {
    const size_t begin = before_whole_lines(map.out, total);
    cursor.parts(begin);
    if (map.out.non_temporal()) {
      cursor.template vectors<true>(total - (total - begin) % kLineElements<StoredBy<Map>>);
    } else {
      cursor.template vectors<false>(total);
    }
  }
  cursor.parts(total);
}

template <typename V>
struct PlaneNumbers {
  V mh, a, b;
};

template <typename V>
EVENKEEL_INLINE PlaneNumbers<V> blend(const PlaneNumbers<V>& p, const PlaneNumbers<V>& q, size_t n) {
  return {blend(p.mh, q.mh, n), blend(p.a, q.a, n), blend(p.b, q.b, n)};
}

template <typename V>
EVENKEEL_INLINE PlaneNumbers<V> plane_numbers(const PlaneFold<typename V::Scalar>& k) {
  return {V::broadcast(k.mh), V::broadcast(k.a), V::broadcast(k.b)};
}

// The map of one plane, or of several; PlaneCursor then changes k between them. ahead: what is prefetched, of x or y.
template <typename S>
struct PlaneMap {
  Source<S> x;
  Sink<S> out;
  Prefetcher ahead;
  PlaneNumbers<VectorOf<S>> k;

  EVENKEEL_MEMBER void prefetch_at(size_t i) const { ahead.line(i * sizeof(S)); }

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) const {
    // y = (x - mh) * a + b
    const auto scaled = mul(sub(x.template load<kFull>(i, n), k.mh), k.a);
    out.template put<kFull, kNonTemporal>(i, add(scaled, k.b), n);
  }
};

// Prefetches the next tile while a tile is mapped. If there is no next tile and the stores are plain, prefetches the
// cache lines of the result.
template <typename S>
struct PlanesMap : PlaneMap<S> {
  using V = VectorOf<S>;
  using Numbers = PlaneNumbers<V>;
  explicit PlanesMap(const PlanesForward<S>& io)
      : PlaneMap<S>{{io.x},
                    {io.y, io.stores},
                    io.next > 0 || io.stores == Stores::non_temporal ? Prefetcher(io.x, io.next)
                                                                     : Prefetcher(io.y, kMapPrefetchDistance<S>),
                    {}},
        io(io) {}
  const PlanesForward<S>& io;

  EVENKEEL_MEMBER Numbers of(size_t plane) const {
    return {V::broadcast(io.mh[plane]), V::broadcast(io.a[plane]), V::broadcast(io.b[plane])};
  }
  template <bool kFull>
  EVENKEEL_MEMBER Numbers at(size_t plane, size_t n) const {
    return {load_part<kFull, V>(io.mh + plane, n), load_part<kFull, V>(io.a + plane, n),
            load_part<kFull, V>(io.b + plane, n)};
  }
};

template <typename S>
static void planes_map(const PlanesForward<S>& io) {
  map_planes(io.planes, io.spatial, PlanesMap<S>(io));
}

template <typename V>
struct PlaneGradientNumbers {
  V mh, r, a, k2, k1;
};

template <typename V>
EVENKEEL_INLINE PlaneGradientNumbers<V> blend(const PlaneGradientNumbers<V>& p, const PlaneGradientNumbers<V>& q,
                                              size_t n) {
  return {blend(p.mh, q.mh, n), blend(p.r, q.r, n), blend(p.a, q.a, n), blend(p.k2, q.k2, n), blend(p.k1, q.k1, n)};
}

template <typename S>
struct PlanesGradientMap {
  using V = VectorOf<S>;
  using Numbers = PlaneGradientNumbers<V>;
  explicit PlanesGradientMap(const PlanesBackward<S>& io)
      : io(io),
        out{io.dx, io.stores},
        dy{io.dy},
        x{io.x},
        dy_ahead(io.next > 0 || io.stores == Stores::non_temporal ? Prefetcher(io.dy, io.next)
                                                                  : Prefetcher(io.dx, kMapPrefetchDistance<S>)),
        x_ahead(io.x, io.next) {}
  const PlanesBackward<S>& io;
  Sink<S> out;
  Source<S> dy;
  Source<S> x;
  Prefetcher dy_ahead, x_ahead;
  Numbers k;

  EVENKEEL_MEMBER void prefetch_at(size_t i) const {
    x_ahead.line(i * sizeof(S));
    dy_ahead.line(i * sizeof(S));
  }
  EVENKEEL_MEMBER Numbers of(size_t plane) const {
    return {V::broadcast(io.mh[plane]), V::broadcast(io.r[plane]), V::broadcast(io.a[plane]),
            V::broadcast(io.k2[plane]), V::broadcast(io.k1[plane])};
  }
  template <bool kFull>
  EVENKEEL_MEMBER Numbers at(size_t plane, size_t n) const {
    return {load_part<kFull, V>(io.mh + plane, n), load_part<kFull, V>(io.r + plane, n),
            load_part<kFull, V>(io.a + plane, n), load_part<kFull, V>(io.k2 + plane, n),
            load_part<kFull, V>(io.k1 + plane, n)};
  }

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) const {
    // dx = (dy * a + ((x - mh) * r) * k2) + k1
    const V xr = mul(sub(x.template load<kFull>(i, n), k.mh), k.r);
    const V direct = mul(dy.template load<kFull>(i, n), k.a);
    out.template put<kFull, kNonTemporal>(i, add(add(direct, mul(xr, k.k2)), k.k1), n);
  }
};

template <typename S>
static void planes_map_gradient(const PlanesBackward<S>& io) {
  map_planes(io.planes, io.spatial, PlanesGradientMap<S>(io));
}

template <typename S>
struct PlanesGivenMap : NoPrefetch {
  using V = VectorOf<S>;
  using Numbers = V;
  explicit PlanesGivenMap(const PlanesBackward<S>& io) : dy{io.dy}, out{io.dx, io.stores}, a(io.a) {}
  Source<S> dy;
  Sink<S> out;
  const Compute<S>* a;
  V k;

  EVENKEEL_MEMBER V of(size_t plane) const { return V::broadcast(a[plane]); }
  template <bool kFull>
  EVENKEEL_MEMBER V at(size_t plane, size_t n) const {
    return load_part<kFull, V>(a + plane, n);
  }

  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void part(size_t i, size_t n) const {
    // dx = dy * a
    out.template put<kFull, kNonTemporal>(i, mul(dy.template load<kFull>(i, n), k), n);
  }
};

template <typename S>
static void planes_map_given(const PlanesBackward<S>& io) {
  map_planes(io.planes, io.spatial, PlanesGivenMap<S>(io));
}
