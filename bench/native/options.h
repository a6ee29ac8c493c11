// What kernel_bench is asked to time.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "core/plan.h"
#include "runtime/parallel.h"

namespace evenkeel {
namespace bench {

// Something the caller can mend: the message is all he needs.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Case {
  std::string name;
  Plan plan;
};

struct Options {
  std::vector<Case> cases;
  bool forward = true;
  bool backward = true;
  bool affine = true;
  // Whether the arrays ask for huge pages, as those that Node allocates do not.
  bool huge_pages = false;
  std::vector<int> threads{1, 2};
  Threading threading = Threading::pool;
  // Empty: the best of this CPU.
  std::string isa;
  size_t rounds = 15;
};

constexpr const char* kUsage =
    "usage: kernel_bench [SHAPE] [options]\n"
    "  rows R L | planes N C S | columns N S C     a shape; without one, a list of shapes that models have\n"
    "  --groups G          statistics per sample and G groups of channels (planes, columns); else per channel of the "
    "batch\n"
    "  --uncentred         the mean is taken as 0 (RMSNorm)\n"
    "  --given             statistics are given, as in inference\n"
    "  --no-affine         neither weight nor bias\n"
    "  --op forward | backward | both\n"
    "  --threads LIST      as in 1,2\n"
    "  --threading NAME    whose threads run: pool (default) or openmp\n"
    "  --isa NAME          as EVENKEEL_ISA; the best by default\n"
    "  --rounds N          medians are over so many (15)\n"
    "  --huge-pages        arrays in huge pages\n";

// Throws UsageError.
Options read_options(const std::vector<std::string>& arguments);

}  // namespace bench
}  // namespace evenkeel
