#include "core/fold.h"

#include "base/arithmetic.h"

namespace evenkeel {

// body(slot, entry, c) for each channel c of each of the samples: its slot, and its entry in tables over samples and
// channels. Two loops, because where each channel is a slot, compilers take several at a time.
template <typename Body>
static void each_cell(const Plan& plan, size_t samples, const Body& body) {
  const bool batch = plan.scope == Scope::batch;
  const size_t slots = batch ? plan.channels : plan.groups;
  const size_t channels = plan.channels / slots;
  for (size_t n = 0; n < samples; ++n) {
    const size_t slot = batch ? 0 : n * slots;
    const size_t entry = n * plan.channels;
    if (channels == 1) {
      for (size_t c = 0; c < slots; ++c) body(slot + c, entry + c, c);
    } else {
      for (size_t i = 0; i < slots; ++i) {
        for (size_t c = i * channels; c < (i + 1) * channels; ++c) body(slot + i, entry + c, c);
      }
    }
  }
}

static void fold_rstd(const Plan& plan, const double* variance, double* rstd) {
  for (size_t slot = 0; slot < plan.slots(); ++slot) rstd[slot] = rstd_of(variance[slot], plan.eps);
}

template <typename T>
void fold_forward(const Plan& plan, const ForwardBuffers<T>& io, ForwardTable<T>* table) {
  const double* rstd = table->rstd.data();
  T *mh = table->mh.data(), *a = table->a.data(), *b = table->b.data();
  fold_rstd(plan, io.variance, table->rstd.data());
  each_cell(plan, plan.table_samples(), [&](size_t slot, size_t entry, size_t c) {
    const PlaneFold<T> fold = fold_plane(io.mean[slot], rstd[slot], io.weight, io.bias, c);
    mh[entry] = fold.mh;
    a[entry] = fold.a;
    b[entry] = fold.b;
  });
}

template <typename T>
void fold_sums(const Plan& plan, const BackwardBuffers<T>& io, BackwardTable<T>* table) {
  const double* rstd = table->rstd.data();
  T *mh = table->mh.data(), *r = table->r.data(), *a = table->a.data();
  fold_rstd(plan, io.variance, table->rstd.data());
  each_cell(plan, plan.table_samples(), [&](size_t slot, size_t entry, size_t c) {
    mh[entry] = static_cast<T>(io.mean[slot]);
    r[entry] = static_cast<T>(rstd[slot]);
    a[entry] = static_cast<T>(rstd[slot] * (io.weight ? static_cast<double>(io.weight[c]) : 1));
  });
}

template <typename T>
void correct_sums(const Plan& plan, const BackwardBuffers<T>& io, const BackwardTable<T>& table, GradientSums* sums) {
  const double* rstd = table.rstd.data();
  const double* sum1 = sums->sum1.data();
  double* sum2 = sums->sum2.data();
  each_cell(plan, plan.samples, [&](size_t slot, size_t entry, size_t) {
    sum2[entry] += mean_rest<T>(io.mean[slot], rstd[slot]) * sum1[entry];
  });
}

// Per slot: the sums of weight * dy and of weight * dy * xhat.
template <typename T>
static void merge_gradients(const Plan& plan, const T* weight, const GradientSums& sums, GradientSums* merged) {
  merged->sum1.fill_zero();
  merged->sum2.fill_zero();
  double *into1 = merged->sum1.data(), *into2 = merged->sum2.data();
  const double *sum1 = sums.sum1.data(), *sum2 = sums.sum2.data();
  each_cell(plan, plan.samples, [&](size_t slot, size_t entry, size_t c) {
    const double gamma = weight ? weight[c] : 1;
    into1[slot] += gamma * sum1[entry];
    into2[slot] += gamma * sum2[entry];
  });
}

// Turns a slot's merged sums into its k2 and k1, in place.
template <typename T>
static void fold_merged(const Plan& plan, const double* mean, const double* rstd, GradientSums* merged) {
  const double count = static_cast<double>(plan.count());
  double *sum1 = merged->sum1.data(), *sum2 = merged->sum2.data();
  for (size_t slot = 0; slot < plan.slots(); ++slot) {
    const double rest = mean_rest<T>(mean[slot], rstd[slot]);
    const double g2 = sum2[slot];
    const double g1 = plan.centred ? sum1[slot] + rest * g2 : 0;
    sum2[slot] = -(rstd[slot] * (g2 / count));
    sum1[slot] = -(rstd[slot] * (g1 / count));
  }
}

template <typename T>
void fold_backward(const Plan& plan, const BackwardBuffers<T>& io, const GradientSums& sums, BackwardTable<T>* table) {
  GradientSums merged(plan.slots());
  merge_gradients(plan, io.weight, sums, &merged);
  fold_merged<T>(plan, io.mean, table->rstd.data(), &merged);
  T *k2 = table->k2.data(), *k1 = table->k1.data();
  const double *sum1 = merged.sum1.data(), *sum2 = merged.sum2.data();
  each_cell(plan, plan.table_samples(), [&](size_t slot, size_t entry, size_t) {
    k2[entry] = static_cast<T>(sum2[slot]);
    k1[entry] = static_cast<T>(sum1[slot]);
  });
}

template <typename T>
void add_parameter_gradients(const Plan& plan, const BackwardBuffers<T>& io, const GradientSums& sums) {
  // A sample's sums lie side by side: as many channels at a time as these hold.
  constexpr size_t kAtATime = 64;
  for (size_t begin = 0; begin < plan.channels; begin += kAtATime) {
    const size_t count = smaller(kAtATime, plan.channels - begin);
    double s1[kAtATime] = {};
    double s2[kAtATime] = {};
    for (size_t n = 0; n < plan.samples; ++n) {
      const size_t entry = n * plan.channels + begin;
      for (size_t i = 0; i < count; ++i) s1[i] += sums.sum1[entry + i];
      for (size_t i = 0; i < count; ++i) s2[i] += sums.sum2[entry + i];
    }
    for (size_t i = 0; i < count; ++i) {
      const size_t c = begin + i;
      if (io.dweight) io.dweight[c] = static_cast<T>(static_cast<double>(io.dweight[c]) + s2[i]);
      if (io.dbias) io.dbias[c] = static_cast<T>(static_cast<double>(io.dbias[c]) + s1[i]);
    }
  }
}

#define EVENKEEL_FOLD(T)                                                                                          \
  template void fold_forward<T>(const Plan&, const ForwardBuffers<T>&, ForwardTable<T>*);                         \
  template void fold_sums<T>(const Plan&, const BackwardBuffers<T>&, BackwardTable<T>*);                          \
  template void correct_sums<T>(const Plan&, const BackwardBuffers<T>&, const BackwardTable<T>&, GradientSums*);  \
  template void fold_backward<T>(const Plan&, const BackwardBuffers<T>&, const GradientSums&, BackwardTable<T>*); \
  template void add_parameter_gradients<T>(const Plan&, const BackwardBuffers<T>&, const GradientSums&);
EVENKEEL_FOLD(float)
EVENKEEL_FOLD(double)
#undef EVENKEEL_FOLD

}  // namespace evenkeel
