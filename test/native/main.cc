// native_tests [suite]: runs the tests of one suite, or all. Fails where a check fails, or where nothing was checked.
#include <cstdio>
#include <string>
#include <vector>

#include "check.h"

namespace evenkeel {
namespace test {

namespace {

struct Test {
  std::string suite;
  const char* name;
  void (*body)();
};

// Inside a function, so that it exists before the first registration.
std::vector<Test>& tests() {
  static std::vector<Test> list;
  return list;
}

size_t checks = 0;
size_t failures = 0;
// Of failures that differ in a length only, the first tell enough.
constexpr size_t kShownFailures = 20;

std::string suite_of(const char* file) {
  const std::string path = file;
  const size_t slash = path.find_last_of('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return name.substr(0, name.find("_test.cc"));
}

}  // namespace

Registration::Registration(const char* file, const char* name, void (*body)()) {
  tests().push_back({suite_of(file), name, body});
}

void checked() { ++checks; }

void failed(const char* file, int line, const std::string& what) {
  if (++failures <= kShownFailures) std::printf("%s:%d: %s\n", file, line, what.c_str());
}

static int run(const std::string& suite) {
  size_t ran = 0;
  for (const Test& test : tests()) {
    if (!suite.empty() && test.suite != suite) continue;
    const size_t failures_before = failures;
    const size_t checks_before = checks;
    test.body();
    ++ran;
    if (checks == checks_before) failed(test.suite.c_str(), 0, std::string(test.name) + " checked nothing");
    if (failures > failures_before) std::printf("FAILED %s: %s\n", test.suite.c_str(), test.name);
  }
  std::printf("%s: %zu tests, %zu checks, %zu failures\n", suite.empty() ? "native" : suite.c_str(), ran, checks,
              failures);
  return ran == 0 || failures > 0;
}

}  // namespace test
}  // namespace evenkeel

int main(int count, char** arguments) { return evenkeel::test::run(count > 1 ? arguments[1] : ""); }
