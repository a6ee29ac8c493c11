// The addon imports Node-API from "node.exe", at its first call. A host by another name (Electron, Bun, a renamed node)
// exports it too: the running program is taken for it. Visual C++'s builds get the same from node-gyp.

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
