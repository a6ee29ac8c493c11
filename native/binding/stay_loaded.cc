#include "binding/stay_loaded.h"

#if defined(_WIN32)
#include <windows.h>
#elif defined(__APPLE__)
#include <dlfcn.h>
#endif

namespace evenkeel {

#if defined(_WIN32)

void stay_loaded() {
  HMODULE self;
  constexpr DWORD kBy = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
  GetModuleHandleExW(kBy, reinterpret_cast<LPCWSTR>(&stay_loaded), &self);
}

#elif defined(__APPLE__)

void stay_loaded() {
  Dl_info self;
  if (dladdr(reinterpret_cast<const void*>(&stay_loaded), &self))
    dlopen(self.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

#else

void stay_loaded() {}

#endif

}  // namespace evenkeel
