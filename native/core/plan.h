// A call's shape under one norm, as src/engine/plan.ts makes it; its descriptor's order is fixed here and there.
#pragma once

#include <cstddef>

namespace evenkeel {

enum class Pattern { rows, planes, columns };
enum class Scope { row, batch, group };

struct Plan {
  Pattern pattern;
  Scope scope;
  bool float64;
  size_t samples;
  size_t channels;
  size_t spatial;
  size_t groups;
  bool centred;
  bool given;
  double eps;
  // Channels from one sample to the next: of the whole, where the plan is a tile of some of its channels.
  size_t stride;

  size_t size() const { return samples * channels * spatial; }
  size_t affine_length() const { return pattern == Pattern::rows ? spatial : channels; }

  size_t slots() const {
    if (scope == Scope::row) return samples;
    return scope == Scope::batch ? channels : samples * groups;
  }

  // Elements that share one pair of statistics.
  size_t count() const {
    if (scope == Scope::row) return spatial;
    return scope == Scope::batch ? samples * spatial : channels / groups * spatial;
  }

  // The slot whose statistics sample n and channel c share.
  size_t slot_of(size_t n, size_t c) const { return scope == Scope::batch ? c : n * groups + c / (channels / groups); }

  // Samples that have table entries of their own.
  size_t table_samples() const { return scope == Scope::batch ? 1 : samples; }
};

constexpr size_t kDescriptorLength = 10;

// False where the numbers are no plan: then `plan` must not be used.
bool read_plan(const double* descriptor, Plan* plan);

// What a pass reads and writes; the operands and their order are those of src/backend/operands.ts, the meanings those
// of src/backend/backend.ts.
template <typename T>
struct MomentsBuffers {
  const T* x;
  double* mean;
  double* m2;
};

// Of apply, too, which only reads mean and variance.
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

  // What the backward pass has of them.
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
  // Read, as mean and variance are.
  double* sum1;
  double* sum2;

  BackwardBuffers<T> backward() const { return {dy, x, dx, weight, mean, variance, nullptr, nullptr}; }
};

}  // namespace evenkeel
