// What the tests of kernels share: every instruction set, lengths around lanes and blocks, data, and arrays with both.
#pragma once

#include <cstdint>
#include <vector>

#include "check.h"
#include "guarded.h"
#include "isa/dispatch.h"
#include "kernels/kernel_table.h"

namespace evenkeel {
namespace test {

// body(name, kernels) for each instruction set of this build and CPU.
template <typename T, typename Body>
void each_isa(const Body& body) {
  const IsaList& list = available_isas();
  for (size_t i = 0; i < list.count; ++i) body(list.isas[i]->name, kernels_of<T>(*list.isas[i]));
}

// Elements by which arrays lie off a cache line.
constexpr size_t kMisalignments[] = {0, 1, 3, 7};

// Every length of up to two steps of float32 lanes, and around the blocks of either type.
inline std::vector<size_t> run_lengths() {
  std::vector<size_t> lengths;
  for (size_t n = 0; n <= 66; ++n) lengths.push_back(n);
  for (size_t n : {511, 512, 513, 1023, 1024, 1025, 1056, 2047, 3100}) lengths.push_back(n);
  return lengths;
}

// Numbers that look random, in (-1, 1) around `mean`: a congruential generator (Knuth's MMIX).
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed) {}

  double next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(static_cast<int64_t>(state_ >> 11) - (int64_t{1} << 52)) * 0x1p-52;
  }

 private:
  uint64_t state_;
};

template <typename T>
void fill(Guarded<T>* array, uint64_t seed, double mean = 0, double scale = 1) {
  Numbers numbers(seed);
  for (size_t i = 0; i < array->size(); ++i) (*array)[i] = static_cast<T>(mean + scale * numbers.next());
}

template <typename T>
void copy(const Guarded<T>& from, Guarded<T>* to) {
  for (size_t i = 0; i < from.size(); ++i) (*to)[i] = from[i];
}

template <typename T>
const char* type_name() {
  return sizeof(T) == 4 ? "float32" : "float64";
}

}  // namespace test
}  // namespace evenkeel
