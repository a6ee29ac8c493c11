// The flags that link an addon for Linux, with any C library.
export const elfLinkFlags = [
  '-shared',
  // The user's machine needs no C++ runtime.
  '-static-libgcc',
  '-static-libstdc++',
  // The C++ runtime that is linked in stays hidden, because another addon may bring another version.
  '-Wl,--exclude-libs,ALL',
  '-Wl,--version-script=scripts/prebuild/exports.map',
  '-Wl,--gc-sections',
  '-Wl,--as-needed',
  // The thread pool's sleeping threads run in this code. It must not be unmapped when a worker ends.
  '-Wl,-z,nodelete',
  // If the host lacks a function, the load fails and names it. Otherwise a later call would fail.
  '-Wl,-z,now',
  '-Wl,-z,relro',
  '-Wl,--build-id=none',
]
