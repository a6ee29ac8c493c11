// The shape and options of a call, as src/engine/plan.ts makes them. The order of the descriptor's numbers is the same
// in both files.
#pragma once

#include <cstddef>

namespace evenkeel {

enum class Pattern { rows, planes, columns };
enum class Scope { row, batch, group };

struct Plan {
  Pattern pattern;
  Scope scope;
  bool float64;
  // x is [samples, spatial] for rows, [samples, channels, spatial] for planes, [samples, spatial, channels] for
  // columns.
  size_t samples;
  size_t channels;
  size_t spatial;
  size_t groups;
  // False: the mean is taken as 0.
  bool centred;
  // The statistics are given, and are not those of x.
  bool given;
  // Added to the variance.
  double eps;
  // The number of channels from one sample to the next. In a tile of some of the channels, it is that of the whole
  // plan.
  size_t stride;

  size_t size() const { return samples * channels * spatial; }
  size_t affine_length() const { return pattern == Pattern::rows ? spatial : channels; }

  size_t slots() const {
    if (scope == Scope::row) return samples;
    return scope == Scope::batch ? channels : samples * groups;
  }

  // The number of elements in a slot.
  size_t count() const {
    if (scope == Scope::row) return spatial;
    return scope == Scope::batch ? samples * spatial : channels / groups * spatial;
  }

  // The slot of sample n and channel c.
  size_t slot_of(size_t n, size_t c) const { return scope == Scope::batch ? c : n * groups + c / (channels / groups); }

  // The number of samples that have table entries of their own.
  size_t table_samples() const { return scope == Scope::batch ? 1 : samples; }
};

constexpr size_t kDescriptorLength = 10;

// Returns false if the numbers are not a valid plan. Then `plan` must not be used.
bool read_plan(const double* descriptor, Plan* plan);

// What a pass reads and writes. The operands and their order are those of src/backend/operands.ts, and their meanings
// those of src/backend/backend.ts.
template <typename T>
struct MomentsBuffers {
  const T* x;
  double* mean;
  double* m2;
};

template <typename T>
struct ExtremaBuffers {
  const T* x;
  double* min;
  double* max;
};

// For forward and apply. apply only reads mean and variance.
template <typename T>
struct ForwardBuffers {
  const T* x;
  T* y;
  const T* weight;
  const T* bias;
  double* mean;
  double* variance;
};

template <typename T>
struct BackwardBuffers {
  const T* dy;
  const T* x;
  T* dx;
  const T* weight;
  const double* mean;
  const double* variance;
  T* dweight;
  T* dbias;
};

template <typename T>
struct GradientSumsBuffers {
  const T* dy;
  const T* x;
  const T* weight;
  const double* mean;
  const double* variance;
  double* sum1;
  double* sum2;
  T* dweight;
  T* dbias;

  // The operands that a backward pass has, too.
  BackwardBuffers<T> backward() const { return {dy, x, nullptr, weight, mean, variance, dweight, dbias}; }
};

template <typename T>
struct ApplyGradientBuffers {
  const T* dy;
  const T* x;
  T* dx;
  const T* weight;
  const double* mean;
  const double* variance;
  // Only read, as mean and variance are.
  double* sum1;
  double* sum2;

  BackwardBuffers<T> backward() const { return {dy, x, dx, weight, mean, variance, nullptr, nullptr}; }
};

}  // namespace evenkeel
