// Tests as functions: TEST(name) { CHECK(condition); }. A file's tests are a suite, named as the file without _test.cc.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>

namespace evenkeel {
namespace test {

struct Registration {
  Registration(const char* file, const char* name, void (*body)());
};

// Counts a check; a failed one is printed with `context`, and fails the span.
void checked();
void failed(const char* file, int line, const std::string& what);

inline std::string text(const std::string& value) { return value; }
inline std::string text(const char* value) { return value; }
template <typename Number>
std::string text(Number value) {
  return std::to_string(value);
}

// "isa avx2, length 33" from ("isa", "avx2", "length", 33).
inline std::string describe() { return ""; }
template <typename Value, typename... Rest>
std::string describe(const char* name, const Value& value, const Rest&... rest) {
  const std::string more = describe(rest...);
  return std::string(name) + " " + text(value) + (more.empty() ? "" : ", " + more);
}

// The same bits; NaNs are equal to one another, because payloads are not promised.
template <typename T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b));
}

template <typename T>
bool same_bits(const T* a, const T* b, size_t length) {
  if (length == 0 || std::memcmp(a, b, length * sizeof(T)) == 0) return true;
  for (size_t i = 0; i < length; ++i) {
    if (!same_bits(a[i], b[i])) return false;
  }
  return true;
}

}  // namespace test
}  // namespace evenkeel

#define TEST(name)                                                              \
  static void name();                                                           \
  static const evenkeel::test::Registration name##_test{__FILE__, #name, name}; \
  static void name()

// CHECK(condition, "name", value, ...): the names and values tell which of many failed.
#define CHECK(condition, ...)                                                                              \
  do {                                                                                                     \
    evenkeel::test::checked();                                                                             \
    if (!(condition)) {                                                                                    \
      evenkeel::test::failed(__FILE__, __LINE__, #condition "  " + evenkeel::test::describe(__VA_ARGS__)); \
    }                                                                                                      \
  } while (false)
