// AVX-512 F: 16 float32 or 8 float64. No include guard: see README.md.

EVENKEEL_INLINE __mmask16 mask32(size_t n) { return static_cast<__mmask16>((1u << n) - 1u); }
EVENKEEL_INLINE __mmask8 mask64(size_t n) { return static_cast<__mmask8>((1u << n) - 1u); }

struct F32 {
  using Scalar = float;
  static constexpr size_t width = 16;
  __m512 v;

  EVENKEEL_INLINE F32 load(const float* p) { return {_mm512_loadu_ps(p)}; }
  EVENKEEL_INLINE F32 load_first(const float* p, size_t n) { return {_mm512_maskz_loadu_ps(mask32(n), p)}; }
  EVENKEEL_INLINE F32 broadcast(float s) { return {_mm512_set1_ps(s)}; }
  EVENKEEL_INLINE F32 zero() { return {_mm512_setzero_ps()}; }
};

struct F64 {
  using Scalar = double;
  static constexpr size_t width = 8;
  __m512d v;

  EVENKEEL_INLINE F64 load(const double* p) { return {_mm512_loadu_pd(p)}; }
  EVENKEEL_INLINE F64 load_first(const double* p, size_t n) { return {_mm512_maskz_loadu_pd(mask64(n), p)}; }
  EVENKEEL_INLINE F64 broadcast(double s) { return {_mm512_set1_pd(s)}; }
  EVENKEEL_INLINE F64 zero() { return {_mm512_setzero_pd()}; }
};

EVENKEEL_INLINE void store(float* p, F32 a) { _mm512_storeu_ps(p, a.v); }
EVENKEEL_INLINE void store(double* p, F64 a) { _mm512_storeu_pd(p, a.v); }
EVENKEEL_INLINE void store_first(float* p, F32 a, size_t n) { _mm512_mask_storeu_ps(p, mask32(n), a.v); }
EVENKEEL_INLINE void store_first(double* p, F64 a, size_t n) { _mm512_mask_storeu_pd(p, mask64(n), a.v); }

// p is aligned to a vector.
EVENKEEL_INLINE void store_non_temporal(float* p, F32 a) { _mm512_stream_ps(p, a.v); }
EVENKEEL_INLINE void store_non_temporal(double* p, F64 a) { _mm512_stream_pd(p, a.v); }
EVENKEEL_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }

EVENKEEL_INLINE F32 add(F32 a, F32 b) { return {_mm512_add_ps(a.v, b.v)}; }
EVENKEEL_INLINE F64 add(F64 a, F64 b) { return {_mm512_add_pd(a.v, b.v)}; }
EVENKEEL_INLINE F32 sub(F32 a, F32 b) { return {_mm512_sub_ps(a.v, b.v)}; }
EVENKEEL_INLINE F64 sub(F64 a, F64 b) { return {_mm512_sub_pd(a.v, b.v)}; }
EVENKEEL_INLINE F32 mul(F32 a, F32 b) { return {_mm512_mul_ps(a.v, b.v)}; }
EVENKEEL_INLINE F64 mul(F64 a, F64 b) { return {_mm512_mul_pd(a.v, b.v)}; }

// The CPU's min and max give b unless a < b, or a > b.
EVENKEEL_INLINE F32 least(F32 a, F32 b) { return {_mm512_min_ps(a.v, b.v)}; }
EVENKEEL_INLINE F64 least(F64 a, F64 b) { return {_mm512_min_pd(a.v, b.v)}; }
EVENKEEL_INLINE F32 greatest(F32 a, F32 b) { return {_mm512_max_ps(a.v, b.v)}; }
EVENKEEL_INLINE F64 greatest(F64 a, F64 b) { return {_mm512_max_pd(a.v, b.v)}; }

EVENKEEL_INLINE F32 first(F32 a, size_t n) { return {_mm512_maskz_mov_ps(mask32(n), a.v)}; }
EVENKEEL_INLINE F64 first(F64 a, size_t n) { return {_mm512_maskz_mov_pd(mask64(n), a.v)}; }

// The first n lanes of a, the others of b.
EVENKEEL_INLINE F32 blend(F32 a, F32 b, size_t n) { return {_mm512_mask_mov_ps(b.v, mask32(n), a.v)}; }
EVENKEEL_INLINE F64 blend(F64 a, F64 b, size_t n) { return {_mm512_mask_mov_pd(b.v, mask64(n), a.v)}; }

EVENKEEL_INLINE void widen(F32 a, F64 out[2]) {
  const __m512d bits = _mm512_castps_pd(a.v);
  out[0].v = _mm512_cvtps_pd(_mm512_castps512_ps256(a.v));
  out[1].v = _mm512_cvtps_pd(_mm256_castpd_ps(_mm512_extractf64x4_pd(bits, 1)));
}

EVENKEEL_INLINE double tree_sum(F64 a) {
  const __m256d quad = _mm256_add_pd(_mm512_castpd512_pd256(a.v), _mm512_extractf64x4_pd(a.v, 1));
  const __m128d half = _mm_add_pd(_mm256_castpd256_pd128(quad), _mm256_extractf128_pd(quad, 1));
  return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}
