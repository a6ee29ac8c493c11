#include "core/fold.h"

namespace evenkeel {

template <typename T>
void fold_forward(const Plan& plan, const ForwardBuffers<T>& io, ForwardTable<T>* table) {
  for (size_t n = 0; n < plan.table_samples(); ++n) {
    for (size_t c = 0; c < plan.channels; ++c) {
      const size_t entry = n * plan.channels + c;
      const size_t slot = plan.slot_of(n, c);
      const double rstd = rstd_of(io.variance[slot], plan.eps);
      const PlaneFold<T> fold = fold_plane(io.mean[slot], rstd, io.weight, io.bias, c);
      table->mh[entry] = fold.mh;
      table->a[entry] = fold.a;
      table->b[entry] = fold.b;
    }
  }
}

template <typename T>
void fold_sums(const Plan& plan, const BackwardBuffers<T>& io, BackwardTable<T>* table) {
  for (size_t n = 0; n < plan.table_samples(); ++n) {
    for (size_t c = 0; c < plan.channels; ++c) {
      const size_t entry = n * plan.channels + c;
      const size_t slot = plan.slot_of(n, c);
      const double rstd = rstd_of(io.variance[slot], plan.eps);
      table->mh[entry] = static_cast<T>(io.mean[slot]);
      table->r[entry] = static_cast<T>(rstd);
      table->a[entry] = static_cast<T>(rstd * (io.weight ? static_cast<double>(io.weight[c]) : 1));
    }
  }
}

template <typename T>
void correct_sums(const Plan& plan, const BackwardBuffers<T>& io, GradientSums* sums) {
  for (size_t n = 0; n < plan.samples; ++n) {
    for (size_t c = 0; c < plan.channels; ++c) {
      const size_t entry = n * plan.channels + c;
      const size_t slot = plan.slot_of(n, c);
      const double rest = mean_rest<T>(io.mean[slot], rstd_of(io.variance[slot], plan.eps));
      sums->sum2[entry] += rest * sums->sum1[entry];
    }
  }
}

template <typename T>
void merge_gradients(const Plan& plan, const T* weight, const GradientSums& sums, const SlotSums& merged) {
  merged.fill_zero(plan.slots());
  for (size_t n = 0; n < plan.samples; ++n) {
    for (size_t c = 0; c < plan.channels; ++c) {
      const size_t entry = n * plan.channels + c;
      const size_t slot = plan.slot_of(n, c);
      const double gamma = weight ? weight[c] : 1;
      merged.sum1[slot] += gamma * sums.sum1[entry];
      merged.sum2[slot] += gamma * sums.sum2[entry];
    }
  }
}

template <typename T>
void fold_backward(const Plan& plan, const BackwardBuffers<T>& io, const SlotSums& merged, BackwardTable<T>* table) {
  const double count = static_cast<double>(plan.count());
  for (size_t n = 0; n < plan.table_samples(); ++n) {
    for (size_t c = 0; c < plan.channels; ++c) {
      const size_t entry = n * plan.channels + c;
      const size_t slot = plan.slot_of(n, c);
      const double rstd = rstd_of(io.variance[slot], plan.eps);
      const double rest = mean_rest<T>(io.mean[slot], rstd);
      const double g2 = merged.sum2[slot];
      const double g1 = plan.centred ? merged.sum1[slot] + rest * g2 : 0;
      table->k2[entry] = static_cast<T>(-(rstd * (g2 / count)));
      table->k1[entry] = static_cast<T>(-(rstd * (g1 / count)));
    }
  }
}

template <typename T>
void add_parameter_gradients(const Plan& plan, const BackwardBuffers<T>& io, const GradientSums& sums) {
  for (size_t c = 0; c < plan.channels; ++c) {
    double s1 = 0;
    double s2 = 0;
    for (size_t n = 0; n < plan.samples; ++n) {
      s1 += sums.sum1[n * plan.channels + c];
      s2 += sums.sum2[n * plan.channels + c];
    }
    if (io.dweight) io.dweight[c] = static_cast<T>(static_cast<double>(io.dweight[c]) + s2);
    if (io.dbias) io.dbias[c] = static_cast<T>(static_cast<double>(io.dbias[c]) + s1);
  }
}

#define EVENKEEL_FOLD(T)                                                                                      \
  template void fold_forward<T>(const Plan&, const ForwardBuffers<T>&, ForwardTable<T>*);                     \
  template void fold_sums<T>(const Plan&, const BackwardBuffers<T>&, BackwardTable<T>*);                      \
  template void correct_sums<T>(const Plan&, const BackwardBuffers<T>&, GradientSums*);                       \
  template void merge_gradients<T>(const Plan&, const T*, const GradientSums&, const SlotSums&);              \
  template void fold_backward<T>(const Plan&, const BackwardBuffers<T>&, const SlotSums&, BackwardTable<T>*); \
  template void add_parameter_gradients<T>(const Plan&, const BackwardBuffers<T>&, const GradientSums&);
EVENKEEL_FOLD(float)
EVENKEEL_FOLD(double)
#undef EVENKEEL_FOLD

}  // namespace evenkeel
