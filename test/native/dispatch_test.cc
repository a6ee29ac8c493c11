#include "isa/dispatch.h"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "check.h"

using evenkeel::available_isas;
using evenkeel::Isa;
using evenkeel::IsaList;
using evenkeel::KernelTable;

namespace {

bool offered(const std::string& name) {
  const IsaList& list = available_isas();
  for (size_t i = 0; i < list.count; ++i) {
    if (list.isas[i]->name == name) return true;
  }
  return false;
}

// All pointers of a table, as addresses.
template <typename T>
std::set<const void*> kernels(const KernelTable<T>& table) {
  static_assert(sizeof(KernelTable<T>) % sizeof(void*) == 0, "a table of pointers");
  const void* pointers[sizeof(KernelTable<T>) / sizeof(void*)];
  std::memcpy(pointers, &table, sizeof pointers);
  return std::set<const void*>(std::begin(pointers), std::end(pointers));
}

template <typename T>
constexpr size_t kKernels = sizeof(KernelTable<T>) / sizeof(void*);

}  // namespace

TEST(the_scalar_kernels_are_always_there_and_last) {
  const IsaList& list = available_isas();
  CHECK(list.count >= 1 && list.count <= evenkeel::kMaxIsas);
  CHECK(std::string(list.isas[list.count - 1]->name) == "scalar");
}

TEST(names_are_distinct) {
  const IsaList& list = available_isas();
  std::set<std::string> names;
  for (size_t i = 0; i < list.count; ++i) names.insert(list.isas[i]->name);
  CHECK(names.size() == list.count);
}

TEST(each_instruction_set_has_kernels_of_its_own) {
  // A function that two of them shared would have been compiled for one of them, and linked to the other.
  const IsaList& list = available_isas();
  std::set<const void*> all;
  size_t count = 0;
  for (size_t i = 0; i < list.count; ++i) {
    std::set<const void*> own = kernels(*list.isas[i]->float32);
    CHECK(own.size() == kKernels<float>, "isa", list.isas[i]->name, "distinct", own.size());
    // Two entries of float64 may be one function: a block's sums are float64 there already.
    std::set<const void*> wide = kernels(*list.isas[i]->float64);
    CHECK(wide.size() + 1 >= kKernels<double>, "isa", list.isas[i]->name, "distinct", wide.size());
    own.merge(wide);
    CHECK(wide.empty(), "isa", list.isas[i]->name, "shared by both types", wide.size());
    count += own.size();
    all.merge(own);
  }
  CHECK(all.size() == count, "distinct", all.size(), "of", count);
  CHECK(all.count(nullptr) == 0);
}

TEST(what_the_cpu_has_is_offered) {
#if defined(EVENKEEL_EMULATE_AVX512)
  CHECK(offered("avx512"));
#elif defined(__aarch64__)
  CHECK(offered("neon"));
#elif defined(__x86_64__) && defined(__linux__)
  // The kernel's word, because dispatch asks the CPU itself.
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (line.rfind("flags", 0) != 0 && std::getline(file, line)) {
  }
  std::istringstream words(line);
  std::set<std::string> flags;
  for (std::string word; words >> word;) flags.insert(word);
  CHECK(offered("avx2") == (flags.count("avx2") > 0));
  CHECK(offered("avx512") == (flags.count("avx512f") > 0));
#else
  CHECK(offered("scalar"));
#endif
}
