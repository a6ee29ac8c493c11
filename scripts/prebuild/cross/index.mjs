import { glibc } from './glibc.mjs'
import { musl } from './musl.mjs'
import { win32 } from './win32.mjs'

/**
 * The binaries that Debian makes with compilers for other platforms. `npm run runtimes` tests them by emulation. The
 * published binaries come from a machine or container of each platform.
 *
 * Each prepares its compiler, and returns the `folder` to work in and a function `make` that compiles a binary in a
 * folder in it and returns the binary's path.
 */
export const CROSS = {
  'linux-x64-glibc': () => glibc('linux-x64-glibc', 'x86_64-linux-gnu'),
  'linux-arm64-glibc': () => glibc('linux-arm64-glibc', 'aarch64-linux-gnu'),
  'linux-x64-musl': musl,
  'win32-x64': win32,
}
