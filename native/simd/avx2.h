// AVX2: 8 float32 or 4 float64. No include guard: see README.md.

// A load at the offset width - n gives the mask of the first n elements.
alignas(32) static const int32_t kMask32[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
alignas(32) static const int64_t kMask64[8] = {-1, -1, -1, -1, 0, 0, 0, 0};

EVENKEEL_INLINE __m256i mask32(size_t n) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMask32 + 8 - n));
}
EVENKEEL_INLINE __m256i mask64(size_t n) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMask64 + 4 - n));
}

struct F32 {
  using Scalar = float;
  static constexpr size_t width = 8;
  __m256 v;

  EVENKEEL_INLINE F32 load(const float* p) { return {_mm256_loadu_ps(p)}; }
  EVENKEEL_INLINE F32 load_first(const float* p, size_t n) { return {_mm256_maskload_ps(p, mask32(n))}; }
  EVENKEEL_INLINE F32 broadcast(float s) { return {_mm256_set1_ps(s)}; }
  EVENKEEL_INLINE F32 zero() { return {_mm256_setzero_ps()}; }
};

struct F64 {
  using Scalar = double;
  static constexpr size_t width = 4;
  __m256d v;

  EVENKEEL_INLINE F64 load(const double* p) { return {_mm256_loadu_pd(p)}; }
  EVENKEEL_INLINE F64 load_first(const double* p, size_t n) { return {_mm256_maskload_pd(p, mask64(n))}; }
  EVENKEEL_INLINE F64 broadcast(double s) { return {_mm256_set1_pd(s)}; }
  EVENKEEL_INLINE F64 zero() { return {_mm256_setzero_pd()}; }
};

EVENKEEL_INLINE void store(float* p, F32 a) { _mm256_storeu_ps(p, a.v); }
EVENKEEL_INLINE void store(double* p, F64 a) { _mm256_storeu_pd(p, a.v); }

// Stores halves of what is left. A masked store would be microcode on AMD's CPUs, and take 12 cycles or more.
EVENKEEL_INLINE void store_first(float* p, F32 a, size_t n) {
  if (n & 8) return store(p, a);
  __m128 left = _mm256_castps256_ps128(a.v);
  if (n & 4) {
    _mm_storeu_ps(p, left);
    left = _mm256_extractf128_ps(a.v, 1);
    p += 4;
  }
  if (n & 2) {
    _mm_storel_pi(reinterpret_cast<__m64*>(p), left);
    left = _mm_movehl_ps(left, left);
    p += 2;
  }
  if (n & 1) _mm_store_ss(p, left);
}
EVENKEEL_INLINE void store_first(double* p, F64 a, size_t n) {
  if (n & 4) return store(p, a);
  __m128d left = _mm256_castpd256_pd128(a.v);
  if (n & 2) {
    _mm_storeu_pd(p, left);
    left = _mm256_extractf128_pd(a.v, 1);
    p += 2;
  }
  if (n & 1) _mm_store_sd(p, left);
}

// p is aligned to a vector.
EVENKEEL_INLINE void store_non_temporal(float* p, F32 a) { _mm256_stream_ps(p, a.v); }
EVENKEEL_INLINE void store_non_temporal(double* p, F64 a) { _mm256_stream_pd(p, a.v); }
EVENKEEL_INLINE void prefetch(const void* p) { _mm_prefetch(static_cast<const char*>(p), _MM_HINT_T0); }

EVENKEEL_INLINE F32 add(F32 a, F32 b) { return {_mm256_add_ps(a.v, b.v)}; }
EVENKEEL_INLINE F64 add(F64 a, F64 b) { return {_mm256_add_pd(a.v, b.v)}; }
EVENKEEL_INLINE F32 sub(F32 a, F32 b) { return {_mm256_sub_ps(a.v, b.v)}; }
EVENKEEL_INLINE F64 sub(F64 a, F64 b) { return {_mm256_sub_pd(a.v, b.v)}; }
EVENKEEL_INLINE F32 mul(F32 a, F32 b) { return {_mm256_mul_ps(a.v, b.v)}; }
EVENKEEL_INLINE F64 mul(F64 a, F64 b) { return {_mm256_mul_pd(a.v, b.v)}; }

// The CPU's min and max give b unless a < b, or a > b.
EVENKEEL_INLINE F32 least(F32 a, F32 b) { return {_mm256_min_ps(a.v, b.v)}; }
EVENKEEL_INLINE F64 least(F64 a, F64 b) { return {_mm256_min_pd(a.v, b.v)}; }
EVENKEEL_INLINE F32 greatest(F32 a, F32 b) { return {_mm256_max_ps(a.v, b.v)}; }
EVENKEEL_INLINE F64 greatest(F64 a, F64 b) { return {_mm256_max_pd(a.v, b.v)}; }

EVENKEEL_INLINE F32 first(F32 a, size_t n) { return {_mm256_and_ps(a.v, _mm256_castsi256_ps(mask32(n)))}; }
EVENKEEL_INLINE F64 first(F64 a, size_t n) { return {_mm256_and_pd(a.v, _mm256_castsi256_pd(mask64(n)))}; }

// The first n lanes of a, the others of b.
EVENKEEL_INLINE F32 blend(F32 a, F32 b, size_t n) {
  return {_mm256_blendv_ps(b.v, a.v, _mm256_castsi256_ps(mask32(n)))};
}
EVENKEEL_INLINE F64 blend(F64 a, F64 b, size_t n) {
  return {_mm256_blendv_pd(b.v, a.v, _mm256_castsi256_pd(mask64(n)))};
}

EVENKEEL_INLINE void widen(F32 a, F64 out[2]) {
  out[0].v = _mm256_cvtps_pd(_mm256_castps256_ps128(a.v));
  out[1].v = _mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1));
}

EVENKEEL_INLINE double tree_sum(F64 a) {
  const __m128d half = _mm_add_pd(_mm256_castpd256_pd128(a.v), _mm256_extractf128_pd(a.v, 1));
  return _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)));
}
