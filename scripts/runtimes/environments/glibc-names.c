// For Bun in a root of musl: the functions of glibc that Debian's libstdc++ and libgcc use and that musl does not have.
// The library takes the name and the place of glibc's loader, which those libraries require. It is for this test only,
// because destructors of thread_local variables do not run.
#include <stddef.h>
#include <stdint.h>

struct tm;
typedef struct __locale_struct* locale_t;
extern size_t strftime_l(char*, size_t, const char*, const struct tm*, locale_t);
extern int getentropy(void*, size_t);

char __libc_single_threaded = 0;

/** libgcc's record of the processor. All zeros mean that it has no special features. */
struct {
  unsigned words[4];
} __cpu_model;

int __cpu_indicator_init(void) { return 0; }

size_t __strftime_l(char* to, size_t size, const char* format, const struct tm* time, locale_t locale) {
  return strftime_l(to, size, format, time, locale);
}

int __cxa_thread_atexit_impl(void (*destroy)(void*), void* object, void* library) {
  (void)destroy, (void)object, (void)library;
  return 0;
}

uint32_t arc4random(void) {
  uint32_t value;
  getentropy(&value, sizeof value);
  return value;
}
