// The addon imports Node-API from "node.exe" at its first call. A host with another name (Electron, Bun, a renamed
// node) exports it too. This hook therefore imports from the running program. node-gyp does the same for builds by
// Visual C++.

#include <windows.h>

#include <delayimp.h>

#include <cstring>

namespace {

FARPROC WINAPI host(unsigned event, DelayLoadInfo* info) {
  if (event != dliNotePreLoadLibrary || _stricmp(info->szDll, "node.exe") != 0) return nullptr;
  return reinterpret_cast<FARPROC>(GetModuleHandleW(nullptr));
}

}  // namespace

extern "C" {
PfnDliHook __pfnDliNotifyHook2 = host;
}
