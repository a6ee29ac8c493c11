'use strict'

// Why a binary did not load, in words, with the remedy.

const REINSTALL = 'reinstall evenkeel'
const BUILD = '`npx evenkeel build` compiles one for this machine'

const NO_FILE = `it is no file, but a directory, a pipe or a device; ${REINSTALL}`

/** A bundler that takes a .node file for an asset gives its name. */
const NO_ADDON =
  'what was loaded is no addon; a bundler must copy .node files and leave the require (esbuild: --loader:.node=copy)'

/** By the error's code, and by what loaders say. */
const REASONS = [
  ['MODULE_NOT_FOUND', `it is not there; ${REINSTALL}, or ${BUILD}`],
  ['EACCES', 'this user may not read it; correct its permissions'],
  [
    'ERR_DLOPEN_DISABLED',
    'this process may load no addons; start it without --no-addons, or with --allow-addons',
  ],
  [
    'ERR_ACCESS_DENIED',
    'this process may not read it; start it with --allow-addons and --allow-fs-read=<this package>',
  ],
  [/GLIBC(XX)?_[\d.]+' not found/, `this system's C library is older than it needs; ${BUILD}`],
  [
    /failed to map segment|cannot allocate memory/i,
    'its file system runs no programs (noexec), or memory is short; move the package, or raise the limit',
  ],
  [/libc\.musl|ld-musl|ld-linux|libc\.so\.6|Error relocating/, `it is for another C library; ${BUILD}`],
  [/cannot open shared object file/, `a library that it needs is not on this system; ${BUILD}`],
  [/permission denied/i, 'this user may not read it; correct its permissions'],
]

/** @param {unknown} error what `require` of a binary threw, or the look at it before */
function reasonOf(error) {
  const message = String(error?.message ?? error).split('\n')[0]
  for (const [sign, reason] of REASONS) {
    const fits = typeof sign === 'string' ? error?.code === sign : sign.test(message)
    if (fits) return error.code === 'MODULE_NOT_FOUND' ? reason : `${reason} (${message})`
  }
  return message
}

module.exports = { REINSTALL, BUILD, NO_FILE, NO_ADDON, reasonOf }
