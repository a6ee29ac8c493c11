// The baseline: plain C++ on 16 bytes. Compilers translate it to SSE2 or to the vectors of another baseline.
// No include guard: see README.md.

template <typename T>
struct Plain {
  using Scalar = T;
  static constexpr size_t width = 16 / sizeof(T);
  T lane[width];

  EVENKEEL_INLINE Plain load(const T* p) {
    Plain v;
    for (size_t i = 0; i < width; ++i) v.lane[i] = p[i];
    return v;
  }
  EVENKEEL_INLINE Plain load_first(const T* p, size_t n) {
    Plain v;
    for (size_t i = 0; i < width; ++i) v.lane[i] = i < n ? p[i] : 0;
    return v;
  }
  EVENKEEL_INLINE Plain broadcast(T s) {
    Plain v;
    for (size_t i = 0; i < width; ++i) v.lane[i] = s;
    return v;
  }
  EVENKEEL_INLINE Plain zero() { return broadcast(0); }
};

using F32 = Plain<float>;
using F64 = Plain<double>;

template <typename T>
EVENKEEL_INLINE void store_first(T* p, Plain<T> v, size_t n) {
  for (size_t i = 0; i < Plain<T>::width; ++i) {
    if (i < n) p[i] = v.lane[i];
  }
}

template <typename T>
EVENKEEL_INLINE void store(T* p, Plain<T> v) {
  for (size_t i = 0; i < Plain<T>::width; ++i) p[i] = v.lane[i];
}

// The baseline has no portable non-temporal stores.
template <typename T>
EVENKEEL_INLINE void store_non_temporal(T* p, Plain<T> v) {
  store(p, v);
}
EVENKEEL_INLINE void prefetch(const void* p) { EVENKEEL_PREFETCH(p); }

template <typename T>
EVENKEEL_INLINE Plain<T> add(Plain<T> a, Plain<T> b) {
  for (size_t i = 0; i < Plain<T>::width; ++i) a.lane[i] += b.lane[i];
  return a;
}

template <typename T>
EVENKEEL_INLINE Plain<T> sub(Plain<T> a, Plain<T> b) {
  for (size_t i = 0; i < Plain<T>::width; ++i) a.lane[i] -= b.lane[i];
  return a;
}

template <typename T>
EVENKEEL_INLINE Plain<T> mul(Plain<T> a, Plain<T> b) {
  for (size_t i = 0; i < Plain<T>::width; ++i) a.lane[i] *= b.lane[i];
  return a;
}

template <typename T>
EVENKEEL_INLINE Plain<T> least(Plain<T> a, Plain<T> b) {
  for (size_t i = 0; i < Plain<T>::width; ++i) a.lane[i] = a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i];
  return a;
}

template <typename T>
EVENKEEL_INLINE Plain<T> greatest(Plain<T> a, Plain<T> b) {
  for (size_t i = 0; i < Plain<T>::width; ++i) a.lane[i] = a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
  return a;
}

template <typename T>
EVENKEEL_INLINE Plain<T> first(Plain<T> v, size_t n) {
  for (size_t i = 0; i < Plain<T>::width; ++i) v.lane[i] = i < n ? v.lane[i] : 0;
  return v;
}

// The first n lanes of a, the others of b.
template <typename T>
EVENKEEL_INLINE Plain<T> blend(Plain<T> a, Plain<T> b, size_t n) {
  for (size_t i = 0; i < Plain<T>::width; ++i) a.lane[i] = i < n ? a.lane[i] : b.lane[i];
  return a;
}

EVENKEEL_INLINE void widen(F32 v, F64 out[2]) {
  for (size_t i = 0; i < F32::width; ++i) out[i / F64::width].lane[i % F64::width] = v.lane[i];
}

EVENKEEL_INLINE double tree_sum(F64 v) { return v.lane[0] + v.lane[1]; }
