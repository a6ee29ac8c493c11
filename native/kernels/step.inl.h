// One step, as the registers of this instruction set. Only this file masks tails. Included by isa/*.cc inside its
// namespace; no include guard.

template <typename V>
constexpr size_t kRegisters = kStepBytes / sizeof(V);

// The number of elements in register j, of a tail of `valid` elements.
template <typename V>
EVENKEEL_INLINE size_t lanes_of(size_t valid, size_t j) {
  const size_t before = j * V::width;
  return valid <= before ? 0 : smaller(valid - before, V::width);
}

// kFull: loads all elements of the vector. Otherwise loads the first n, and sets the others to 0.
template <bool kFull, typename V, typename S>
EVENKEEL_INLINE V load_part(const S* p, size_t n) {
  if constexpr (kFull) return V::load(p);
  return V::load_first(p, n);
}

template <bool kFull, typename V, typename S>
EVENKEEL_INLINE void store_part(S* p, V v, size_t n) {
  if constexpr (kFull) {
    store(p, v);
  } else {
    store_first(p, v, n);
  }
}

template <bool kFull, typename V>
EVENKEEL_INLINE V mask_part(V v, size_t n) {
  if constexpr (kFull) return v;
  return first(v, n);
}

template <typename V>
struct Lanes {
  V v[kRegisters<V>];
};

template <typename V>
EVENKEEL_INLINE Lanes<V> zero_lanes() {
  Lanes<V> lanes;
  for (size_t j = 0; j < kRegisters<V>; ++j) lanes.v[j] = V::zero();
  return lanes;
}

// Adds `count` registers to one number in a fixed order: register i and register i + half, until one register is left,
// then the elements of that register in the same way.
EVENKEEL_INLINE double add_halves(F64* v, size_t count) {
  for (size_t half = count / 2; half > 0; half /= 2) {
    for (size_t i = 0; i < half; ++i) v[i] = add(v[i], v[i + half]);
  }
  return tree_sum(v[0]);
}

EVENKEEL_INLINE double tree_sum(const Lanes<F32>& lanes) {
  F64 wide[2 * kRegisters<F32>];
  for (size_t j = 0; j < kRegisters<F32>; ++j) widen(lanes.v[j], wide + 2 * j);
  return add_halves(wide, 2 * kRegisters<F32>);
}

EVENKEEL_INLINE double tree_sum(const Lanes<F64>& lanes) {
  F64 copy[kRegisters<F64>];
  for (size_t j = 0; j < kRegisters<F64>; ++j) copy[j] = lanes.v[j];
  return add_halves(copy, kRegisters<F64>);
}
