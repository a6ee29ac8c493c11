// Opens a region whose functions may use the instructions of EVENKEEL_TARGET. MSVC accepts intrinsics without such a
// region. Standard headers and base/ must stay at the baseline, so include them before the region.
#if defined(__clang__)
#define EVENKEEL_PRAGMA(text) _Pragma(#text)
#define EVENKEEL_ATTRIBUTE(name) \
  EVENKEEL_PRAGMA(clang attribute push(__attribute__((target(name))), apply_to = function))
EVENKEEL_ATTRIBUTE(EVENKEEL_TARGET)
#elif defined(__GNUC__)
#define EVENKEEL_PRAGMA(text) _Pragma(#text)
#define EVENKEEL_ATTRIBUTE(name) EVENKEEL_PRAGMA(GCC target(name))
#pragma GCC push_options
EVENKEEL_ATTRIBUTE(EVENKEEL_TARGET)
#endif
