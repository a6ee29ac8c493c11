// The tensors of a kernel. It reads x and dy through a Source, and writes y and dx through a Sink. Only these two know
// how an element is stored; all arithmetic is on vectors of Compute<S>. Parameters, folds and sums are arrays of
// Compute<S>. Included by isa/*.cc inside its namespace; no include guard.
//
// The reduces and the forward maps of rows take a Source by its type, X, which can be another class with the same
// members: a sum of two tensors, for example. The other maps take Source<S>. A new storage type S needs a ComputeOf<S>
// (base/storage.h), and load(), load_first(), store(), store_first() and store_non_temporal() for its pointers in
// simd/*.h.

template <typename S>
using VectorOf = std::conditional_t<std::is_same_v<Compute<S>, float>, F32, F64>;

// Prefetches cache lines `elements` elements ahead of p. They may lie past the end of the array, because a prefetch
// does not need readable memory.
class Prefetcher {
 public:
  template <typename S>
  EVENKEEL_MEMBER Prefetcher(const S* p, size_t elements)
      : at_(reinterpret_cast<uintptr_t>(p) + elements * sizeof(S)) {}
  // Prefetches the cache line that has the byte `offset` bytes further on.
  EVENKEEL_MEMBER void line(size_t offset) const { prefetch(reinterpret_cast<const void*>(at_ + offset)); }
  // Prefetches the cache lines of the next n bytes.
  EVENKEEL_MEMBER void lines(size_t n) const {
    for (size_t offset = 0; offset < n; offset += kCacheLine) line(offset);
  }

 private:
  uintptr_t at_;
};

// A tensor that a kernel reads, from an element on.
template <typename S>
struct Source {
  using Vector = VectorOf<S>;
  using Scalar = Compute<S>;
  // The bytes of an element.
  static constexpr size_t kBytes = sizeof(S);
  const S* p;

  // Elements i to i + n. kFull: n is the width of a vector. Otherwise the lanes from n on are 0.
  template <bool kFull>
  EVENKEEL_MEMBER Vector load(size_t i, size_t n) const {
    return load_part<kFull, Vector>(p + i, n);
  }
  EVENKEEL_MEMBER Scalar operator[](size_t i) const { return static_cast<Scalar>(p[i]); }
  EVENKEEL_MEMBER Source operator+(size_t i) const { return {p + i}; }
  EVENKEEL_MEMBER Prefetcher ahead(size_t elements) const { return Prefetcher(p, elements); }
};

// A tensor that a kernel writes, from an element on.
template <typename S>
struct Sink {
  using Stored = S;
  using Vector = VectorOf<S>;
  S* p;
  Stores stores;

  // Stores elements i to i + n. kFull: n is the width of the vector. kNonTemporal: p + i is aligned to a vector.
  template <bool kFull, bool kNonTemporal>
  EVENKEEL_MEMBER void put(size_t i, Vector v, size_t n) const {
    if constexpr (kNonTemporal) {
      store_non_temporal(p + i, v);
    } else {
      store_part<kFull>(p + i, v, n);
    }
  }
  EVENKEEL_MEMBER bool non_temporal() const { return stores == Stores::non_temporal; }
  EVENKEEL_MEMBER Prefetcher ahead(size_t elements) const { return Prefetcher(p, elements); }
};
