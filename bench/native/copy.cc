#include "copy.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace evenkeel {
namespace bench {

namespace {

constexpr size_t kCacheLine = 64;

void copy_library(const Traffic& part) { std::memcpy(part.to, part.a, part.length * sizeof(float)); }

void copy_elementwise(const Traffic& part) {
  for (size_t i = 0; i < part.length; ++i) part.to[i] = part.b ? part.a[i] + part.b[i] : part.a[i];
}

#if defined(__x86_64__)

// 32 bytes a vector, four of them a step: two cache lines.
constexpr size_t kVector = 8;
constexpr size_t kStep = 4 * kVector;

bool has_vectors() { return __builtin_cpu_supports("avx"); }
bool has_streams() { return has_vectors(); }

template <bool kNonTemporal>
__attribute__((target("avx"))) inline void store(float* to, __m256 vector) {
  if (kNonTemporal) {
    _mm256_stream_ps(to, vector);
  } else {
    _mm256_storeu_ps(to, vector);
  }
}

template <bool kSum>
__attribute__((target("avx"))) inline __m256 load(const Traffic& part, size_t i) {
  const __m256 a = _mm256_loadu_ps(part.a + i);
  return kSum ? _mm256_add_ps(a, _mm256_loadu_ps(part.b + i)) : a;
}

template <bool kSum, bool kNonTemporal>
__attribute__((target("avx"))) void copy_vectors(const Traffic& part) {
  size_t i = 0;
  for (; i + kStep <= part.length; i += kStep) {
    const __m256 v0 = load<kSum>(part, i);
    const __m256 v1 = load<kSum>(part, i + kVector);
    const __m256 v2 = load<kSum>(part, i + 2 * kVector);
    const __m256 v3 = load<kSum>(part, i + 3 * kVector);
    store<kNonTemporal>(part.to + i, v0);
    store<kNonTemporal>(part.to + i + kVector, v1);
    store<kNonTemporal>(part.to + i + 2 * kVector, v2);
    store<kNonTemporal>(part.to + i + 3 * kVector, v3);
  }
  copy_elementwise({part.a + i, part.b ? part.b + i : nullptr, part.to + i, part.length - i});
}

void copy_plain(const Traffic& part) { part.b ? copy_vectors<true, false>(part) : copy_vectors<false, false>(part); }

// Streaming stores need aligned addresses: the elements before the first cache line go alone.
void stream_lines(const Traffic& part) {
  const size_t past = reinterpret_cast<uintptr_t>(part.to) % kCacheLine / sizeof(float);
  const size_t head = past == 0 ? 0 : std::min(kCacheLine / sizeof(float) - past, part.length);
  copy_elementwise({part.a, part.b, part.to, head});
  const Traffic rest{part.a + head, part.b ? part.b + head : nullptr, part.to + head, part.length - head};
  part.b ? copy_vectors<true, true>(rest) : copy_vectors<false, true>(rest);
}

void copy_stream(const Traffic& part) {
  stream_lines(part);
  // The copy is done when its last byte has left the core.
  _mm_sfence();
}

// The sum of all that a part reads, of which the result tells nothing but that it was read.
template <bool kSum>
__attribute__((target("avx"))) float read_vectors(const Traffic& part) {
  __m256 sums[4] = {_mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps(), _mm256_setzero_ps()};
  for (size_t i = 0; i + kStep <= part.length; i += kStep) {
    for (size_t j = 0; j < 4; ++j) sums[j] = _mm256_add_ps(sums[j], load<kSum>(part, i + j * kVector));
  }
  const __m256 sum = _mm256_add_ps(_mm256_add_ps(sums[0], sums[1]), _mm256_add_ps(sums[2], sums[3]));
  return _mm256_cvtss_f32(sum);
}

float read(const Traffic& part) { return part.b ? read_vectors<true>(part) : read_vectors<false>(part); }

void pause() { _mm_pause(); }

#else

// The compiler's own vectors; it knows no streaming store here.
bool has_vectors() { return true; }
bool has_streams() { return false; }
void copy_plain(const Traffic& part) { copy_elementwise(part); }
void copy_stream(const Traffic&) {}
void stream_lines(const Traffic&) {}
float read(const Traffic&) { return 0; }
void pause() { std::this_thread::yield(); }

#endif

void copy(CopyKind kind, const Traffic& part) {
  switch (kind) {
    case CopyKind::library: return copy_library(part);
    case CopyKind::plain: return copy_plain(part);
    case CopyKind::store_non_temporal: return copy_stream(part);
  }
}

// Thread `index`'s share, in whole cache lines but for the last.
Traffic share_of(const Traffic& all, size_t index, size_t threads) {
  constexpr size_t kLine = kCacheLine / sizeof(float);
  const size_t lines = (all.length + kLine - 1) / kLine;
  const size_t begin = std::min(lines * index / threads * kLine, all.length);
  const size_t end = std::min(lines * (index + 1) / threads * kLine, all.length);
  return {all.a + begin, all.b ? all.b + begin : nullptr, all.to + begin, end - begin};
}

// Holds each thread until all have come; they keep the core meanwhile, since a sleep costs more than a small copy.
class Barrier {
 public:
  explicit Barrier(size_t threads) : threads_(threads) {}
  void wait() {
    const size_t ticket = arrived_.fetch_add(1, std::memory_order_acq_rel);
    const size_t all = (ticket / threads_ + 1) * threads_;
    while (arrived_.load(std::memory_order_acquire) < all) pause();
  }

 private:
  const size_t threads_;
  std::atomic<size_t> arrived_{0};
};

}  // namespace

const char* name_of(CopyKind kind) {
  switch (kind) {
    case CopyKind::library: return "library";
    case CopyKind::plain: return "plain";
    case CopyKind::store_non_temporal: return "store_non_temporal";
  }
  return "";
}

bool can_copy(CopyKind kind, const Traffic& traffic) {
  switch (kind) {
    case CopyKind::library: return !traffic.b;
    case CopyKind::plain: return has_vectors();
    case CopyKind::store_non_temporal: return has_streams();
  }
  return false;
}

double time_copy(CopyKind kind, const Traffic& traffic, int threads, size_t passes) {
  const auto team = static_cast<size_t>(threads);
  Barrier barrier(team);
  const auto work = [&](size_t index) {
    const Traffic part = share_of(traffic, index, team);
    barrier.wait();
    for (size_t pass = 0; pass < passes; ++pass) {
      copy(kind, part);
      barrier.wait();
    }
  };
  std::vector<std::thread> others;
  for (size_t index = 1; index < team; ++index) others.emplace_back(work, index);
  // The others have started when the first barrier lets go; what this thread waits for there is not timed.
  const Traffic part = share_of(traffic, 0, team);
  barrier.wait();
  const auto start = std::chrono::steady_clock::now();
  for (size_t pass = 0; pass < passes; ++pass) {
    copy(kind, part);
    barrier.wait();
  }
  const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
  for (std::thread& other : others) other.join();
  return elapsed.count() / static_cast<double>(passes);
}

bool can_read_and_stream() { return has_streams(); }

// Who writes here has read: the compiler leaves no reading out.
static volatile float read_to_the_end;

void read_and_stream(const Traffic& traffic, size_t chunk) {
  for (size_t i = 0; i < traffic.length; i += chunk) {
    const Traffic part{traffic.a + i, traffic.b ? traffic.b + i : nullptr, traffic.to + i,
                       std::min(chunk, traffic.length - i)};
    read_to_the_end = read(part);
    stream_lines(part);
  }
}

}  // namespace bench
}  // namespace evenkeel
