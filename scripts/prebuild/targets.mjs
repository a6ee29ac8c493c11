// The binaries that are published: one for each platform, architecture and C library, with prebuildify's names. Each
// has the command that builds it and the limits that check.mjs checks. build.mjs builds those that Debian can build.

/** The largest size of a binary, in bytes. Every user downloads all of them. */
export const LARGEST = 2 * 2 ** 20

/** The functions that a host looks up in an addon. */
export const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']

/** The glibc of RHEL 8 and Debian 10, the oldest systems that the official Node 18 to 26 run on. */
const GLIBC_FLOOR = '2.28'

/** The libraries of glibc, which has several before 2.34. libstdc++ and libgcc are linked in. */
const GLIBC = ['libc.so.6', 'libm.so.6', 'libpthread.so.0', 'libdl.so.2']

const onDebian = (target) => `node scripts/prebuild/build.mjs ${target}`
const onMac = (arch) =>
  `npx prebuildify@6.0.1 --napi --strip --arch ${arch} && node scripts/prebuild/checksum.mjs darwin-${arch} (on a Mac)`

export const TARGETS = {
  'linux-x64-glibc': {
    file: 'prebuilds/linux-x64/evenkeel.glibc.node',
    command: onDebian('linux-x64-glibc'),
    format: 'ELF64 x86-64',
    libraries: [...GLIBC, 'ld-linux-x86-64.so.2'],
    glibc: GLIBC_FLOOR,
  },
  'linux-arm64-glibc': {
    file: 'prebuilds/linux-arm64/evenkeel.glibc.node',
    command: onDebian('linux-arm64-glibc'),
    format: 'ELF64 aarch64',
    libraries: [...GLIBC, 'ld-linux-aarch64.so.1'],
    glibc: GLIBC_FLOOR,
  },
  'linux-x64-musl': {
    file: 'prebuilds/linux-x64/evenkeel.musl.node',
    command: onDebian('linux-x64-musl'),
    format: 'ELF64 x86-64',
    // musl's loader uses itself for this name, whatever its own file is called.
    libraries: ['libc.so'],
    glibc: null,
  },
  'win32-x64': {
    file: 'prebuilds/win32-x64/evenkeel.node',
    command: onDebian('win32-x64'),
    format: 'PE x86-64',
    // node.exe is not here, because it is looked up at the first call (win32/delay_load.cc).
    libraries: ['KERNEL32.dll', 'msvcrt.dll'],
  },
  'darwin-x64': {
    file: 'prebuilds/darwin-x64/evenkeel.node',
    command: onMac('x64'),
    format: 'Mach-O x86-64',
    libraries: ['/usr/lib/libc++.1.dylib', '/usr/lib/libSystem.B.dylib'],
  },
  'darwin-arm64': {
    file: 'prebuilds/darwin-arm64/evenkeel.node',
    command: onMac('arm64'),
    format: 'Mach-O arm64',
    libraries: ['/usr/lib/libc++.1.dylib', '/usr/lib/libSystem.B.dylib'],
  },
}
