#include "core/fold.h"

#include "base/arithmetic.h"

namespace evenkeel {

// Calls body(slot, entry, c) for each entry of a table, where c is its channel. If each channel is a slot, a loop of
// its own lets compilers vectorize.
template <typename Body>
static void each_entry(const Plan& plan, const Body& body) {
  const size_t slots = plan.scope == Scope::batch ? plan.channels : plan.groups;
  const size_t channels = plan.channels / slots;
  for (size_t n = 0; n < plan.table_samples(); ++n) {
    const size_t slot = n * slots;
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
  each_entry(plan, [&](size_t slot, size_t entry, size_t c) {
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
  each_entry(plan, [&](size_t slot, size_t entry, size_t c) {
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
  each_entry(plan, [&](size_t slot, size_t entry, size_t) {
    sum2[entry] += mean_rest<T>(io.mean[slot], rstd[slot]) * sum1[entry];
  });
}

template <typename T>
void merge_gradients(const Plan& plan, const T* weight, const GradientSums& sums, const SlotSums& merged) {
  double *into1 = merged.sum1, *into2 = merged.sum2;
  const double *sum1 = sums.sum1.data(), *sum2 = sums.sum2.data();
  const size_t channels = plan.scope == Scope::batch ? 1 : plan.channels / plan.groups;
  if (channels == 1) {
    return each_entry(plan, [&](size_t slot, size_t entry, size_t c) {
      const double gamma = weight ? weight[c] : 1;
      into1[slot] = 0 + gamma * sum1[entry];
      into2[slot] = 0 + gamma * sum2[entry];
    });
  }
  // The sums are in registers. If they were in memory, each addition would wait for the store before it.
  size_t c = 0;
  for (size_t slot = 0; slot < plan.slots(); ++slot, sum1 += channels, sum2 += channels) {
    double s1 = 0;
    double s2 = 0;
    for (size_t i = 0; i < channels; ++i, ++c) {
      const double gamma = weight ? weight[c] : 1;
      s1 += gamma * sum1[i];
      s2 += gamma * sum2[i];
    }
    if (c == plan.channels) c = 0;
    into1[slot] = s1;
    into2[slot] = s2;
  }
}

template <typename T>
void fold_backward(const Plan& plan, const BackwardBuffers<T>& io, const SlotSums& merged, BackwardTable<T>* table) {
  const double count = static_cast<double>(plan.count());
  const double* rstd = table->rstd.data();
  const size_t channels = plan.scope == Scope::batch ? 1 : plan.channels / plan.groups;
  T *k2 = table->k2.data(), *k1 = table->k1.data();
  for (size_t slot = 0; slot < plan.slots(); ++slot) {
    const double rest = mean_rest<T>(io.mean[slot], rstd[slot]);
    const double g2 = merged.sum2[slot];
    const double g1 = plan.centred ? merged.sum1[slot] + rest * g2 : 0;
    const T slot_k2 = static_cast<T>(-(rstd[slot] * (g2 / count)));
    const T slot_k1 = static_cast<T>(-(rstd[slot] * (g1 / count)));
    // The entries of a slot lie side by side.
    for (size_t entry = slot * channels; entry < (slot + 1) * channels; ++entry) {
      k2[entry] = slot_k2;
      k1[entry] = slot_k1;
    }
  }
}

template <typename T>
void add_parameter_gradients(const Plan& plan, const BackwardBuffers<T>& io, const GradientSums& sums) {
  // The number of channels that are summed at a time. The sums of a sample's channels lie side by side.
  constexpr size_t kAtATime = 64;
  for (size_t begin = 0; begin < plan.channels; begin += kAtATime) {
    const size_t count = smaller(kAtATime, plan.channels - begin);
    double s1[kAtATime] = {};
    double s2[kAtATime] = {};
    for (size_t n = 0; n < plan.table_samples(); ++n) {
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

#define EVENKEEL_FOLD(T)                                                                                         \
  template void fold_forward<T>(const Plan&, const ForwardBuffers<T>&, ForwardTable<T>*);                        \
  template void fold_sums<T>(const Plan&, const BackwardBuffers<T>&, BackwardTable<T>*);                         \
  template void correct_sums<T>(const Plan&, const BackwardBuffers<T>&, const BackwardTable<T>&, GradientSums*); \
  template void merge_gradients<T>(const Plan&, const T*, const GradientSums&, const SlotSums&);                 \
  template void fold_backward<T>(const Plan&, const BackwardBuffers<T>&, const SlotSums&, BackwardTable<T>*);    \
  template void add_parameter_gradients<T>(const Plan&, const BackwardBuffers<T>&, const GradientSums&);
EVENKEEL_FOLD(float)
EVENKEEL_FOLD(double)
#undef EVENKEEL_FOLD

}  // namespace evenkeel
