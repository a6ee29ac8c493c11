// The binaries that are published: one for each platform, architecture and C library, with prebuildify's names. Each has
// the limits that check.mjs checks.

/** The largest size of a binary, in bytes. Every user downloads all of them. */
export const LARGEST = 2 * 2 ** 20

/** The functions that a host looks up in an addon. */
export const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']

/** The glibc of RHEL 8 and Debian 10, the oldest systems that the official Node 18 to 26 run on. */
const GLIBC_FLOOR = '2.28'

/** The libraries of glibc, which has several before 2.34. libstdc++ and libgcc are linked in. */
const GLIBC = ['libc.so.6', 'libm.so.6', 'libpthread.so.0', 'libdl.so.2']

/** Debian's musl has the first name, Alpine's the second. musl's loader uses itself for both. */
const musl = (cpu) => ['libc.so', `libc.musl-${cpu}.so.1`]

const MACOS = ['/usr/lib/libc++.1.dylib', '/usr/lib/libSystem.B.dylib']

/** `on`: where `npm run prebuildify` makes it. */
export const TARGETS = {
  'linux-x64-glibc': {
    file: 'prebuilds/linux-x64/evenkeel.glibc.node',
    on: 'manylinux_2_28, x64',
    format: 'ELF64 x86-64',
    libraries: [...GLIBC, 'ld-linux-x86-64.so.2'],
    glibc: GLIBC_FLOOR,
  },
  'linux-arm64-glibc': {
    file: 'prebuilds/linux-arm64/evenkeel.glibc.node',
    on: 'manylinux_2_28, arm64',
    format: 'ELF64 aarch64',
    libraries: [...GLIBC, 'ld-linux-aarch64.so.1'],
    glibc: GLIBC_FLOOR,
  },
  'linux-x64-musl': {
    file: 'prebuilds/linux-x64/evenkeel.musl.node',
    on: 'Alpine, x64',
    format: 'ELF64 x86-64',
    libraries: musl('x86_64'),
    glibc: null,
  },
  'linux-arm64-musl': {
    file: 'prebuilds/linux-arm64/evenkeel.musl.node',
    on: 'Alpine, arm64',
    format: 'ELF64 aarch64',
    libraries: musl('aarch64'),
    glibc: null,
  },
  'win32-x64': {
    file: 'prebuilds/win32-x64/evenkeel.node',
    on: 'Windows, x64',
    format: 'PE x86-64',
    // A program that embeds Node has another name than node.exe. A delayed import is looked up at the first call, when a
    // hook names the program that runs. Only MinGW's binary, which is for tests, needs msvcrt.dll.
    libraries: ['KERNEL32.dll', 'msvcrt.dll', 'node.exe (delayed)'],
  },
  'darwin-x64': {
    file: 'prebuilds/darwin-x64/evenkeel.node',
    on: 'macOS, x64',
    format: 'Mach-O x86-64',
    libraries: MACOS,
  },
  'darwin-arm64': {
    file: 'prebuilds/darwin-arm64/evenkeel.node',
    on: 'macOS, arm64',
    format: 'Mach-O arm64',
    libraries: MACOS,
  },
}
