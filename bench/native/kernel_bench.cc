// Times the passes of native/core without Node: a median over rounds, interleaved with copies of the same bytes.
// `npm run bench:native -- --help`
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "copy.h"
#include "core/pass.h"
#include "options.h"
#include "isa/dispatch.h"
#include "base/float_environment.h"
#include "runtime/openmp_library.h"
#include "runtime/parallel.h"

namespace evenkeel {
namespace bench {

namespace {

// Of one contender in a round: long enough for the clock, short enough that a drift of the machine meets both alike.
constexpr double kTimeSliceNanoseconds = 20e6;
constexpr size_t kPage = size_t{2} << 20;

// An array as Node allocates one, in pages that have been touched.
template <typename T>
class Array {
 public:
  Array(size_t length, bool huge_pages, double amplitude) : length_(length) {
    const size_t bytes = (length * sizeof(T) + kPage - 1) / kPage * kPage;
    data_ = static_cast<T*>(std::aligned_alloc(kPage, bytes));
    if (!data_) throw std::bad_alloc();
#if defined(__linux__)
    madvise(data_, bytes, huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#endif
    // Any ordinary numbers do: no kernel branches on them.
    for (size_t i = 0; i < length; ++i)
      data_[i] = static_cast<T>(amplitude * std::sin(0.7 * static_cast<double>(i % 9973)));
  }
  ~Array() { std::free(data_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  T* data() { return length_ == 0 ? nullptr : data_; }

 private:
  size_t length_;
  T* data_;
};

struct Arrays {
  Arrays(const Plan& plan, const Options& options)
      : x(plan.size(), options.huge_pages, 1.5),
        y(plan.size(), options.huge_pages, 0),
        dy(plan.size(), options.huge_pages, 1),
        dx(plan.size(), options.huge_pages, 0),
        weight(options.affine ? plan.affine_length() : 0, false, 1),
        bias(options.affine ? plan.affine_length() : 0, false, 1),
        dweight(options.affine ? plan.affine_length() : 0, false, 0),
        dbias(options.affine ? plan.affine_length() : 0, false, 0),
        mean(plan.slots(), false, 0),
        variance(plan.slots(), false, 0) {
    std::fill_n(variance.data(), plan.slots(), 1.0);
  }
  Array<float> x, y, dy, dx, weight, bias, dweight, dbias;
  Array<double> mean, variance;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Runs so many passes and tells the nanoseconds of one.
using Contender = std::function<double(size_t passes)>;

Contender contender_of(const std::function<void()>& pass) {
  return [pass](size_t passes) {
    const auto start = std::chrono::steady_clock::now();
    for (size_t i = 0; i < passes; ++i) pass();
    const std::chrono::duration<double, std::nano> elapsed = std::chrono::steady_clock::now() - start;
    return elapsed.count() / static_cast<double>(passes);
  };
}

struct Timed {
  double median = std::numeric_limits<double>::infinity();
  double least = median;
};

// Each round gives each contender a time slice. The first pass of a slice is not timed: it finds the caches full of
// another's data.
std::vector<Timed> time_interleaved(const std::vector<Contender>& contenders, size_t rounds) {
  std::vector<size_t> passes;
  for (const Contender& contender : contenders) {
    contender(1);
    const double once = std::min(contender(1), contender(3));
    passes.push_back(static_cast<size_t>(std::max(1.0, kTimeSliceNanoseconds / once)));
  }
  std::vector<std::vector<double>> times(contenders.size());
  for (size_t round = 0; round < rounds; ++round) {
    for (size_t i = 0; i < contenders.size(); ++i) {
      contenders[i](1);
      times[i].push_back(contenders[i](passes[i]));
    }
  }
  std::vector<Timed> result;
  for (const auto& each : times) result.push_back({median(each), *std::min_element(each.begin(), each.end())});
  return result;
}

// Elements that share a statistic, as far as they lie together.
size_t chunk_of(const Plan& plan) {
  if (plan.scope == Scope::batch) return plan.size();
  if (plan.pattern == Pattern::planes) return plan.size() / plan.samples / plan.groups;
  return plan.size() / plan.samples;
}

// One line: an operation on a shape with so many threads, against the copies and, with one, the bare traffic.
void report(const Case& each, const char* op, int threads, size_t rounds, const std::function<void()>& pass,
            const Traffic& traffic) {
  std::vector<Contender> contenders = {contender_of(pass)};
  std::vector<CopyKind> kinds;
  for (const CopyKind kind : kCopyKinds) {
    if (!can_copy(kind, traffic)) continue;
    kinds.push_back(kind);
    contenders.push_back([=](size_t passes) { return time_copy(kind, traffic, threads, passes); });
  }
  const bool has_bare = threads == 1 && can_read_and_stream();
  const size_t chunk = chunk_of(each.plan);
  if (has_bare) contenders.push_back(contender_of([=] { read_and_stream(traffic, chunk); }));
  const std::vector<Timed> times = time_interleaved(contenders, rounds);
  const Timed ours = times[0];
  Timed limit;
  const char* kind = "";
  for (size_t i = 0; i < kinds.size(); ++i) {
    if (times[i + 1].median < limit.median) limit = times[i + 1], kind = name_of(kinds[i]);
  }
  // Bytes that the operation must move, per nanosecond: GB/s.
  const double bytes = static_cast<double>((traffic.b ? 3 : 2) * traffic.length * sizeof(float));
  std::printf("%-34s %-9s %d %12.0f %12.0f %7.1f %7.1f %-8s %6.2f", each.name.c_str(), op, threads, ours.median,
              ours.least, bytes / ours.median, bytes / limit.median, kind, limit.median / ours.median);
  if (has_bare) std::printf(" %7.1f %6.2f", bytes / times.back().median, times.back().median / ours.median);
  std::printf("\n");
  std::fflush(stdout);
}

const Isa& find_isa(const std::string& name) {
  const IsaList& list = available_isas();
  if (name.empty()) return *list.isas[0];
  std::string have;
  for (size_t i = 0; i < list.count; ++i) {
    if (list.isas[i]->name == name) return *list.isas[i];
    have += std::string(i == 0 ? "" : ", ") + list.isas[i]->name;
  }
  throw UsageError("no instruction set '" + name + "' here; there are " + have);
}

void choose(Threading engine) {
  if (engine == Threading::openmp && !openmp().provider) throw UsageError(std::string("no OpenMP: ") + openmp().fault);
  set_threading(engine);
}

void run_case(const Case& each, const Options& options, const KernelTable<float>& kernels) {
  const Plan& plan = each.plan;
  Arrays arrays(plan, options);
  const ForwardBuffers<float> forward_io = {arrays.x.data(),    arrays.y.data(),    arrays.weight.data(),
                                            arrays.bias.data(), arrays.mean.data(), arrays.variance.data()};
  const BackwardBuffers<float> backward_io = {arrays.dy.data(),      arrays.x.data(),    arrays.dx.data(),
                                              arrays.weight.data(),  arrays.mean.data(), arrays.variance.data(),
                                              arrays.dweight.data(), arrays.dbias.data()};
  const FloatEnvironment plain;
  for (const int threads : options.threads) {
    set_thread_count(threads);
    if (options.forward) {
      report(each, "forward", threads, options.rounds, [&] { forward<float>(plan, kernels, forward_io); },
             {arrays.x.data(), nullptr, arrays.y.data(), plan.size()});
    }
    if (options.backward) {
      forward<float>(plan, kernels, forward_io);
      report(each, "backward", threads, options.rounds, [&] { backward<float>(plan, kernels, backward_io); },
             {arrays.dy.data(), arrays.x.data(), arrays.dx.data(), plan.size()});
    }
  }
}

int run(const std::vector<std::string>& arguments) {
  try {
    if (std::count(arguments.begin(), arguments.end(), "--help")) {
      std::printf("%s", kUsage);
      return 0;
    }
    const Options options = read_options(arguments);
    const Isa& isa = find_isa(options.isa);
    choose(options.threading);
    std::printf(
        "float32, %s, %s, medians of %zu rounds; GB/s of the bytes that must move (forward 2, backward 3 per "
        "element)\n",
        isa.name, options.threading == Threading::openmp ? openmp().provider : "thread pool", options.rounds);
    std::printf("%-34s %-9s %s %12s %12s %7s %7s %-8s %6s %7s %6s\n", "shape", "op", "t", "median ns", "least ns",
                "GB/s", "copy", "by", "share", "bare", "share");
    for (const Case& each : options.cases) run_case(each, options, kernels_of<float>(isa));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kernel_bench: %s; --help tells more\n", error.what());
    return 1;
  }
}

}  // namespace

}  // namespace bench
}  // namespace evenkeel

int main(int count, char** arguments) { return evenkeel::bench::run({arguments + 1, arguments + count}); }
