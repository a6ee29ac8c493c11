// AArch64 Advanced SIMD: 4 float32 or 2 float64. No include guard: see README.md.

// A load at the offset width - n gives the mask of the first n elements.
static const uint32_t kMask32[8] = {~0u, ~0u, ~0u, ~0u, 0, 0, 0, 0};
static const uint64_t kMask64[4] = {~uint64_t{0}, ~uint64_t{0}, 0, 0};

struct F32 {
  using Scalar = float;
  static constexpr size_t width = 4;
  float32x4_t v;

  EVENKEEL_INLINE F32 load(const float* p) { return {vld1q_f32(p)}; }
  // NEON has no masked loads and stores. The elements of a tail are copied by way of a small array.
  EVENKEEL_INLINE F32 load_first(const float* p, size_t n) {
    float lane[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < n; ++i) lane[i] = p[i];
    return {vld1q_f32(lane)};
  }
  EVENKEEL_INLINE F32 broadcast(float s) { return {vdupq_n_f32(s)}; }
  EVENKEEL_INLINE F32 zero() { return {vdupq_n_f32(0)}; }
};

struct F64 {
  using Scalar = double;
  static constexpr size_t width = 2;
  float64x2_t v;

  EVENKEEL_INLINE F64 load(const double* p) { return {vld1q_f64(p)}; }
  EVENKEEL_INLINE F64 load_first(const double* p, size_t n) {
    double lane[2] = {0, 0};
    for (size_t i = 0; i < n; ++i) lane[i] = p[i];
    return {vld1q_f64(lane)};
  }
  EVENKEEL_INLINE F64 broadcast(double s) { return {vdupq_n_f64(s)}; }
  EVENKEEL_INLINE F64 zero() { return {vdupq_n_f64(0)}; }
};

EVENKEEL_INLINE void store(float* p, F32 a) { vst1q_f32(p, a.v); }
EVENKEEL_INLINE void store(double* p, F64 a) { vst1q_f64(p, a.v); }
EVENKEEL_INLINE void store_first(float* p, F32 a, size_t n) {
  float lane[4];
  vst1q_f32(lane, a.v);
  for (size_t i = 0; i < n; ++i) p[i] = lane[i];
}
EVENKEEL_INLINE void store_first(double* p, F64 a, size_t n) {
  double lane[2];
  vst1q_f64(lane, a.v);
  for (size_t i = 0; i < n; ++i) p[i] = lane[i];
}

// AArch64 has no non-temporal store of a single vector. Its memory system detects by itself that whole lines are
// written.
EVENKEEL_INLINE void store_non_temporal(float* p, F32 a) { store(p, a); }
EVENKEEL_INLINE void store_non_temporal(double* p, F64 a) { store(p, a); }
EVENKEEL_INLINE void prefetch(const void* p) { EVENKEEL_PREFETCH(p); }

EVENKEEL_INLINE F32 add(F32 a, F32 b) { return {vaddq_f32(a.v, b.v)}; }
EVENKEEL_INLINE F64 add(F64 a, F64 b) { return {vaddq_f64(a.v, b.v)}; }
EVENKEEL_INLINE F32 sub(F32 a, F32 b) { return {vsubq_f32(a.v, b.v)}; }
EVENKEEL_INLINE F64 sub(F64 a, F64 b) { return {vsubq_f64(a.v, b.v)}; }
EVENKEEL_INLINE F32 mul(F32 a, F32 b) { return {vmulq_f32(a.v, b.v)}; }
EVENKEEL_INLINE F64 mul(F64 a, F64 b) { return {vmulq_f64(a.v, b.v)}; }

// Compared and selected. The CPU's min and max would give NaN where one of the two is NaN.
EVENKEEL_INLINE F32 least(F32 a, F32 b) { return {vbslq_f32(vcltq_f32(a.v, b.v), a.v, b.v)}; }
EVENKEEL_INLINE F64 least(F64 a, F64 b) { return {vbslq_f64(vcltq_f64(a.v, b.v), a.v, b.v)}; }
EVENKEEL_INLINE F32 greatest(F32 a, F32 b) { return {vbslq_f32(vcgtq_f32(a.v, b.v), a.v, b.v)}; }
EVENKEEL_INLINE F64 greatest(F64 a, F64 b) { return {vbslq_f64(vcgtq_f64(a.v, b.v), a.v, b.v)}; }

EVENKEEL_INLINE F32 first(F32 a, size_t n) {
  return {vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(a.v), vld1q_u32(kMask32 + 4 - n)))};
}
EVENKEEL_INLINE F64 first(F64 a, size_t n) {
  return {vreinterpretq_f64_u64(vandq_u64(vreinterpretq_u64_f64(a.v), vld1q_u64(kMask64 + 2 - n)))};
}

// The first n lanes of a, the others of b.
EVENKEEL_INLINE F32 blend(F32 a, F32 b, size_t n) { return {vbslq_f32(vld1q_u32(kMask32 + 4 - n), a.v, b.v)}; }
EVENKEEL_INLINE F64 blend(F64 a, F64 b, size_t n) { return {vbslq_f64(vld1q_u64(kMask64 + 2 - n), a.v, b.v)}; }

EVENKEEL_INLINE void widen(F32 a, F64 out[2]) {
  out[0].v = vcvt_f64_f32(vget_low_f32(a.v));
  out[1].v = vcvt_high_f64_f32(a.v);
}

EVENKEEL_INLINE double tree_sum(F64 a) { return vgetq_lane_f64(a.v, 0) + vgetq_lane_f64(a.v, 1); }
