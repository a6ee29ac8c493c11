// Temporaries of one call. The calling thread keeps their memory and reuses it, because fresh memory costs more than
// any kernel.
#pragma once

#include <cstddef>
#include <cstring>

namespace evenkeel {

// Returns at least `bytes` bytes, uninitialized and aligned to a cache line. Throws std::bad_alloc.
void* scratch_acquire(size_t bytes, size_t* capacity);
void scratch_release(void* block, size_t capacity) noexcept;

template <typename T>
class Scratch {
 public:
  explicit Scratch(size_t length) : length_(length), data_(static_cast<T*>(scratch_acquire(bytes(), &capacity_))) {}
  ~Scratch() { scratch_release(data_, capacity_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T* data() { return data_; }
  const T* data() const { return data_; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  void fill_zero() { std::memset(static_cast<void*>(data_), 0, bytes()); }

 private:
  size_t bytes() const { return length_ * sizeof(T); }
  size_t length_;
  size_t capacity_ = 0;
  T* data_;
};

}  // namespace evenkeel
