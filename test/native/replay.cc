// Runs cases from a file on one instruction set, for builds that Node cannot load: another processor's under an
// emulator, emulated intrinsics, sanitizers. test/support/replay.ts writes the cases and judges the results.
//
//   replay --isas      prints the instruction sets, best first
//   replay --openmp    prints what provides OpenMP, or an empty line
//   replay CASES RESULTS ISA THREADS pool|openmp BYTES_PER_WORKER CACHE_BYTES lines|page-ends
//                      prints how many cases ran
//
// `page-ends` puts each array at the end of a page, before one that may not be read, instead of beside a cache line.
// Both files are little-endian and have no header; every array is padded to a multiple of 8 bytes. A case is 13 float64
//
//   descriptor[10]    as native/core/plan.h reads it
//   aliasing          0: none, 1: y is x, 2: dx is dy, 3: dx is x
//   parameters        a sum of 1: weight, 2: bias, 4: dweight, 8: dbias
//   misalignment      elements by which each array lies off a cache line
//
// and then x [size], dy [size], weight, bias, mean, variance (float64, [slots]), dweight, dbias (what they hold
// before); parameters that are not there are left out. A result is y, mean, variance, dx, dweight, dbias in the same
// way, of a forward pass and then a backward pass on its statistics, and min and max, of the extrema of x. The exit
// status is 1 where an array that is only read was changed, something was written beside one, or the four passes that
// the two are made of give other bits.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/float_environment.h"
#include "check.h"
#include "core/extrema.h"
#include "core/pass.h"
#include "guarded.h"
#include "isa/dispatch.h"
#include "runtime/cache.h"
#include "runtime/openmp_library.h"
#include "runtime/parallel.h"

namespace evenkeel {
namespace test {

namespace {

constexpr size_t kAlignment = 8;
constexpr size_t kHeaderLength = kDescriptorLength + 3;
enum Aliasing { kNoAliasing, kYIsX, kDxIsDy, kDxIsX };
enum Parameters { kWeight = 1, kBias = 2, kDweight = 4, kDbias = 8 };

[[noreturn]] void stop(const std::string& why) { throw std::runtime_error(why); }

class Reader {
 public:
  explicit Reader(const char* path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    bytes_.resize(file ? static_cast<size_t>(file.tellg()) : 0);
    file.seekg(0);
    file.read(bytes_.data(), static_cast<std::streamsize>(bytes_.size()));
    if (!file) stop(std::string("cannot read ") + path);
  }
  bool at_end() const { return at_ == bytes_.size(); }

  void read(void* into, size_t bytes) {
    const size_t padded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (padded > bytes_.size() - at_) stop("the file of cases ends within a case");
    if (bytes > 0) std::memcpy(into, bytes_.data() + at_, bytes);
    at_ += padded;
  }

 private:
  std::vector<char> bytes_;
  size_t at_ = 0;
};

class Writer {
 public:
  explicit Writer(const char* path) : file_(path, std::ios::binary) {}

  template <typename T>
  void write(const T* array, size_t length) {
    constexpr char kZeros[kAlignment] = {};
    const size_t bytes = length * sizeof(T);
    file_.write(reinterpret_cast<const char*>(array), static_cast<std::streamsize>(bytes));
    file_.write(kZeros, static_cast<std::streamsize>((kAlignment - bytes % kAlignment) % kAlignment));
  }
  void close() {
    file_.close();
    if (!file_) stop("cannot write the results");
  }

 private:
  std::ofstream file_;
};

// An array and what the file says it held before; nothing where the case has none.
template <typename T>
class Array {
 public:
  Array(Reader* reader, bool present, size_t length, const Place& place) {
    if (!present) return;
    array_ = std::make_unique<Guarded<T>>(length, place);
    before_.resize(length);
    reader->read(before_.data(), length * sizeof(T));
    fill(before_);
  }
  // An array of the same values, or one to be written: NaN, which nothing may leave there.
  Array(const Array& of, const Place& place, bool filled) {
    if (!of.array_) return;
    array_ = std::make_unique<Guarded<T>>(of.before_.size(), place);
    before_ = of.before_;
    fill(filled ? before_ : std::vector<T>(before_.size(), std::numeric_limits<T>::quiet_NaN()));
  }

  T* data() { return array_ ? array_->data() : nullptr; }
  void check(const char* name, bool may_be_written) {
    if (!array_) return;
    if (!array_->intact()) stop(std::string("written beside ") + name);
    if (!may_be_written && !same_bits(array_->data(), before_.data(), before_.size())) {
      stop(std::string(name) + " was changed, although it is only read");
    }
  }
  void write_to(Writer* writer) const {
    if (array_) writer->write(array_->data(), array_->size());
  }

 private:
  void fill(const std::vector<T>& values) {
    if (!values.empty()) std::memcpy(array_->data(), values.data(), values.size() * sizeof(T));
  }

  std::unique_ptr<Guarded<T>> array_;
  std::vector<T> before_;
};

struct Settings {
  const Isa& isa;
  bool at_page_ends;
};

// The same by the four passes. Every array has its case's first contents or is to be written, but those of `expected`,
// which holds what the fused passes gave: y, mean, variance, dx, dweight, dbias.
template <typename T>
struct FourPasses {
  FourPasses(const Plan& plan, const Place& place, const Array<T>& x, const Array<T>& dy,
             const Array<double>& statistics)
      : x(x, place, true),
        dy(dy, place, true),
        y(x, place, false),
        dx(x, place, false),
        mean(statistics, place, false),
        variance(statistics, place, false),
        sum1(statistics, place, false),
        sum2(statistics, place, false),
        plan(plan) {}

  void run(const KernelTable<T>& kernels, const T* weight, const T* bias, Array<T>* dweight, Array<T>* dbias) {
    if (!plan.given) {
      moments<T>(plan, kernels, {x.data(), mean.data(), variance.data()});
      const double count = static_cast<double>(plan.count());
      for (size_t i = 0; i < plan.slots(); ++i) variance.data()[i] = variance_of(count, variance.data()[i]);
    }
    apply<T>(plan, kernels, {x.data(), y.data(), weight, bias, mean.data(), variance.data()});
    gradient_sums<T>(plan, kernels,
                     {dy.data(), x.data(), weight, mean.data(), variance.data(), sum1.data(), sum2.data(),
                      dweight->data(), dbias->data()});
    apply_gradient<T>(plan, kernels,
                      {dy.data(), x.data(), dx.data(), weight, mean.data(), variance.data(), sum1.data(), sum2.data()});
    for (Array<T>* read : {&x, &dy}) read->check("what four passes read", false);
    for (Array<T>* written : {&y, &dx}) written->check("what four passes write", true);
    for (Array<double>* written : {&mean, &variance, &sum1, &sum2}) written->check("statistics", true);
  }

  Array<T> x, dy, y, dx;
  Array<double> mean, variance, sum1, sum2;
  const Plan plan;
};

template <typename T>
void expect_same(const char* name, Array<T>* actual, Array<T>* expected, size_t length) {
  if (expected->data() && !same_bits(actual->data(), expected->data(), length)) {
    stop(std::string("the four passes give another ") + name);
  }
}

template <typename T>
void replay_case(const Plan& plan, const double* flags, const Settings& settings, Reader* reader, Writer* writer) {
  const auto aliasing = static_cast<Aliasing>(flags[0]);
  const auto parameters = static_cast<unsigned>(flags[1]);
  const Place place{static_cast<size_t>(flags[2]), settings.at_page_ends};
  Array<T> x(reader, true, plan.size(), place);
  Array<T> dy(reader, true, plan.size(), place);
  Array<T> weight(reader, parameters & kWeight, plan.affine_length(), place);
  Array<T> bias(reader, parameters & kBias, plan.affine_length(), place);
  Array<double> mean(reader, true, plan.slots(), place);
  Array<double> variance(reader, true, plan.slots(), place);
  Array<T> dweight(reader, parameters & kDweight, plan.affine_length(), place);
  Array<T> dbias(reader, parameters & kDbias, plan.affine_length(), place);
  // A forward pass in place destroys x: what backward reads is then a copy that the caller kept.
  Array<T> kept_x(x, place, true);
  Array<T> own_y(x, place, false);
  Array<T> own_dx(x, place, false);
  Array<double> min(mean, place, false);
  Array<double> max(mean, place, false);
  FourPasses<T> four(plan, place, x, dy, mean);
  if (plan.given) {
    four.mean = Array<double>(mean, place, true);
    four.variance = Array<double>(variance, place, true);
  }
  Array<T> four_dweight(dweight, place, true);
  Array<T> four_dbias(dbias, place, true);
  Array<T>& y = aliasing == kYIsX ? x : own_y;
  Array<T>& backward_x = aliasing == kYIsX ? kept_x : x;
  Array<T>& dx = aliasing == kDxIsDy ? dy : aliasing == kDxIsX ? x : own_dx;

  const KernelTable<T>& kernels = kernels_of<T>(settings.isa);
  {
    const FloatEnvironment plain;
    extrema<T>(plan, kernels, {x.data(), min.data(), max.data()});
    x.check("x", false);
    forward<T>(plan, kernels, {x.data(), y.data(), weight.data(), bias.data(), mean.data(), variance.data()});
    y.write_to(writer);
    mean.write_to(writer);
    variance.write_to(writer);
    backward<T>(plan, kernels,
                {dy.data(), backward_x.data(), dx.data(), weight.data(), mean.data(), variance.data(), dweight.data(),
                 dbias.data()});
    four.run(kernels, weight.data(), bias.data(), &four_dweight, &four_dbias);
  }
  expect_same("y", &four.y, &y, plan.size());
  expect_same("mean", &four.mean, &mean, plan.slots());
  expect_same("variance", &four.variance, &variance, plan.slots());
  expect_same("dx", &four.dx, &dx, plan.size());
  expect_same("dweight", &four_dweight, &dweight, plan.affine_length());
  expect_same("dbias", &four_dbias, &dbias, plan.affine_length());
  dx.write_to(writer);
  dweight.write_to(writer);
  dbias.write_to(writer);
  min.write_to(writer);
  max.write_to(writer);

  x.check("x", aliasing == kYIsX || aliasing == kDxIsX);
  kept_x.check("the kept x", false);
  dy.check("dy", aliasing == kDxIsDy);
  own_y.check("y", true);
  own_dx.check("dx", true);
  weight.check("weight", false);
  bias.check("bias", false);
  mean.check("mean", !plan.given);
  variance.check("variance", !plan.given);
  dweight.check("dweight", true);
  dbias.check("dbias", true);
  min.check("min", true);
  max.check("max", true);
}

size_t replay(Reader* cases, Writer* results, const Settings& settings) {
  size_t count = 0;
  for (; !cases->at_end(); ++count) {
    double header[kHeaderLength];
    cases->read(header, sizeof header);
    Plan plan;
    if (!read_plan(header, &plan)) stop("the descriptor of case " + std::to_string(count) + " is no plan");
    const double* flags = header + kDescriptorLength;
    try {
      if (plan.float64) {
        replay_case<double>(plan, flags, settings, cases, results);
      } else {
        replay_case<float>(plan, flags, settings, cases, results);
      }
    } catch (const std::exception& error) {
      stop("case " + std::to_string(count) + ": " + error.what());
    }
  }
  return count;
}

const Isa& find_isa(const std::string& name) {
  const IsaList& list = available_isas();
  for (size_t i = 0; i < list.count; ++i) {
    if (list.isas[i]->name == name) return *list.isas[i];
  }
  stop("no instruction set " + name);
}

void print_isas() {
  const IsaList& list = available_isas();
  for (size_t i = 0; i < list.count; ++i) std::printf("%s\n", list.isas[i]->name);
}

int run(const std::vector<const char*>& arguments) {
  try {
    if (arguments.size() == 1 && std::string(arguments[0]) == "--isas") {
      print_isas();
      return 0;
    }
    if (arguments.size() == 1 && std::string(arguments[0]) == "--openmp") {
      std::printf("%s\n", openmp().provider ? openmp().provider : "");
      return 0;
    }
    if (arguments.size() != 8) {
      stop(
          "usage: replay --isas | replay --openmp | replay CASES RESULTS ISA THREADS pool|openmp BYTES_PER_WORKER "
          "CACHE_BYTES lines|page-ends");
    }
    Reader cases(arguments[0]);
    Writer results(arguments[1]);
    const Settings settings{find_isa(arguments[2]), std::string(arguments[7]) == "page-ends"};
    set_thread_count(std::atoi(arguments[3]));
    set_threading(std::string(arguments[4]) == "openmp" ? Threading::openmp : Threading::pool);
    if (threading() == Threading::openmp && !openmp().provider) stop(openmp().fault);
    set_bytes_per_worker(std::strtoull(arguments[5], nullptr, 10));
    set_cache_bytes(std::strtoull(arguments[6], nullptr, 10));
    const size_t count = replay(&cases, &results, settings);
    results.close();
    std::printf("%zu\n", count);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "replay: %s\n", error.what());
    return 1;
  }
}

}  // namespace

}  // namespace test
}  // namespace evenkeel

int main(int count, char** arguments) { return evenkeel::test::run({arguments + 1, arguments + count}); }
