// How an addon for Linux is linked, whatever the C library.
export const elfLinkFlags = [
  '-shared',
  // The user's machine needs no C++ runtime ...
  '-static-libgcc',
  '-static-libstdc++',
  // ... and sees none: that of another addon may be of another version.
  '-Wl,--exclude-libs,ALL',
  '-Wl,--version-script=scripts/prebuild/exports.map',
  '-Wl,--gc-sections',
  '-Wl,--as-needed',
  // The team's sleeping threads live in this code: it must not be unmapped when a worker ends.
  '-Wl,-z,nodelete',
  // What a host does not have fails at load, with its name, rather than at a call.
  '-Wl,-z,now',
  '-Wl,-z,relro',
  '-Wl,--build-id=none',
]
