#include "options.h"

#include <algorithm>
#include <cstdlib>

namespace evenkeel {
namespace bench {

namespace {

constexpr double kEps = 1e-5;

Case rows(size_t count, size_t length, bool centred = true) {
  const std::string name = "rows " + std::to_string(count) + " " + std::to_string(length);
  return {name, {Pattern::rows, Scope::row, false, count, 1, length, 1, centred, false, kEps, 1}};
}

// groups 0: statistics per channel of the batch.
Case channels(Pattern pattern, size_t samples, size_t channels, size_t spatial, size_t groups) {
  const bool columns = pattern == Pattern::columns;
  std::string name = columns ? "columns " : "planes ";
  for (const size_t extent : {samples, columns ? spatial : channels, columns ? channels : spatial}) {
    name += std::to_string(extent) + " ";
  }
  name += groups == 0 ? "batch" : "groups " + std::to_string(groups);
  Plan plan{pattern, Scope::group, false, samples, channels, spatial, groups, true, false, kEps, channels};
  if (groups == 0) {
    plan.scope = Scope::batch;
    plan.groups = 1;
    // All columns of a batch are one sample's.
    if (columns) plan.samples = 1, plan.spatial = samples * spatial;
  }
  return {name, plan};
}

// One of each pattern and scope, in L2, in L3 and beyond; short rows; small planes, of 7 x 7.
std::vector<Case> usual_cases() {
  std::vector<Case> cases = {rows(32, 768),  rows(512, 768),  rows(4096, 768), rows(16384, 1024),
                             rows(6272, 96), rows(65536, 64), rows(1, 1048576)};
  for (const Pattern pattern : {Pattern::planes, Pattern::columns}) {
    cases.push_back(channels(pattern, 32, 64, 56 * 56, 0));
    cases.push_back(channels(pattern, 32, 256, 56 * 56, 0));
    cases.push_back(channels(pattern, 8, 256, 28 * 28, 32));
    cases.push_back(channels(pattern, 32, 256, 56 * 56, 32));
    cases.push_back(channels(pattern, 8, 64, 56 * 56, 64));
    for (const size_t groups : {size_t{0}, size_t{32}, size_t{512}})
      cases.push_back(channels(pattern, 32, 512, 7 * 7, groups));
  }
  cases.push_back(channels(Pattern::columns, 65536, 256, 1, 0));
  return cases;
}

size_t read_count(const std::string& what, const std::string& text) {
  char* end = nullptr;
  const unsigned long long value = std::strtoull(text.c_str(), &end, 10);
  const bool is_digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  if (!is_digits || value == 0) throw UsageError(what + " must be a whole number from 1 up, got '" + text + "'");
  return static_cast<size_t>(value);
}

std::vector<int> read_threads(const std::string& list) {
  std::vector<int> threads;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t comma = std::min(list.find(',', begin), list.size());
    threads.push_back(static_cast<int>(read_count("--threads", list.substr(begin, comma - begin))));
    begin = comma + 1;
  }
  return threads;
}

// The arguments, one after the other.
class Words {
 public:
  explicit Words(const std::vector<std::string>& words) : words_(words) {}
  bool at_end() const { return at_ == words_.size(); }
  std::string next(const std::string& what) {
    if (at_end()) throw UsageError(what + " needs a value");
    return words_[at_++];
  }
  size_t count(const std::string& what) { return read_count(what, next(what)); }

 private:
  const std::vector<std::string>& words_;
  size_t at_ = 0;
};

// What makes a plan of a shape; 0 groups: the batch.
struct Shape {
  std::string pattern;
  size_t extents[3] = {1, 1, 1};
  size_t groups = 0;
  bool centred = true;
  bool given = false;
};

Case case_of(const Shape& shape) {
  const size_t(&e)[3] = shape.extents;
  const bool is_rows = shape.pattern == "rows";
  if (is_rows && shape.groups != 0) throw UsageError("--groups goes with planes and columns");
  const size_t all_channels = shape.pattern == "planes" ? e[1] : e[2];
  if (!is_rows && shape.groups != 0 && all_channels % shape.groups != 0) {
    throw UsageError(std::to_string(all_channels) + " channels do not split into --groups " +
                     std::to_string(shape.groups));
  }
  Case made = is_rows                     ? rows(e[0], e[1])
              : shape.pattern == "planes" ? channels(Pattern::planes, e[0], e[1], e[2], shape.groups)
                                          : channels(Pattern::columns, e[0], e[2], e[1], shape.groups);
  made.plan.centred = shape.centred;
  made.plan.given = shape.given;
  if (!shape.centred) made.name += " uncentred";
  if (shape.given) made.name += " given";
  return made;
}

}  // namespace

Options read_options(const std::vector<std::string>& arguments) {
  Options options;
  Shape shape;
  Words words(arguments);
  while (!words.at_end()) {
    const std::string word = words.next("");
    if (word == "rows" || word == "planes" || word == "columns") {
      shape.pattern = word;
      const size_t rank = word == "rows" ? 2 : 3;
      for (size_t i = 0; i < rank; ++i) shape.extents[i] = words.count("each extent of " + word);
    } else if (word == "--op") {
      const std::string op = words.next(word);
      if (op != "forward" && op != "backward" && op != "both") throw UsageError("no --op '" + op + "'");
      options.forward = op != "backward";
      options.backward = op != "forward";
    } else if (word == "--groups") {
      shape.groups = words.count(word);
    } else if (word == "--uncentred") {
      shape.centred = false;
    } else if (word == "--given") {
      shape.given = true;
    } else if (word == "--no-affine") {
      options.affine = false;
    } else if (word == "--huge-pages") {
      options.huge_pages = true;
    } else if (word == "--threads") {
      options.threads = read_threads(words.next(word));
    } else if (word == "--threading") {
      const std::string engine = words.next(word);
      if (engine != "pool" && engine != "openmp") throw UsageError("no --threading '" + engine + "'");
      options.threading = engine == "openmp" ? Threading::openmp : Threading::pool;
    } else if (word == "--isa") {
      options.isa = words.next(word);
    } else if (word == "--rounds") {
      options.rounds = words.count(word);
    } else {
      throw UsageError("do not know '" + word + "'");
    }
  }
  options.cases = shape.pattern.empty() ? usual_cases() : std::vector<Case>{case_of(shape)};
  return options;
}

}  // namespace bench
}  // namespace evenkeel
