'use strict'

// Finds the addon for this machine: a source build, then the prebuilt binary of platform, C library and architecture.
// Nothing is thrown: where no candidate loads, the portable backend runs, and each candidate's reason is kept.
// Used by Node and its like; browsers get browser.js or browser.cjs in its place (package.json, imports).

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { isMainThread } = require('node:worker_threads')
const { version } = require('../package.json')
const { checksumFault } = require('./checksum.cjs')
const { headerFault, libc } = require('./elf.cjs')
const { BUILD, NO_ADDON, NO_FILE, reasonOf } = require('./reasons.cjs')

const SOURCE_BUILD = 'build/Release/evenkeel.node'

/** The package's folder; an ES module that a bundler made has no __dirname, and its files lie elsewhere. */
const ROOT = typeof __dirname === 'string' ? path.join(__dirname, '..') : null

/** Of this thread: both builds of the library, ESM and CommonJS, share it. */
let loaded = null
let hinted = false

exports.load = function load() {
  loaded ??= find()
  return loaded
}

function find() {
  // Whoever asks for the portable backend is spared whatever a binary may do.
  if (process.env.EVENKEEL_BACKEND === 'portable')
    return { addon: null, binary: null, errors: ['EVENKEEL_BACKEND=portable: no binary was looked for'] }
  const errors = []
  for (const file of [SOURCE_BUILD, prebuilt()]) {
    const [addon, reason] = open(file)
    if (addon) return { addon, binary: file, errors }
    if (reason) errors.push(`${file}: ${reason}`)
  }
  return { addon: null, binary: null, errors }
}

/** The name that a prebuilt binary for this process has; there may be none. */
function prebuilt() {
  const { platform, arch } = process
  return `prebuilds/${platform}-${arch}/evenkeel${platform === 'linux' ? `.${libc()}` : ''}.node`
}

/** [the addon, null], or [null, the reason against this file]: no reason where a source build is merely not there. */
function open(file) {
  try {
    const fault = ROOT && faultOf(path.join(ROOT, file))
    if (fault) return [null, fault]
  } catch (error) {
    return [null, reasonOf(error)]
  }
  const [addon, error] = requireLiterally(file)
  if (error)
    return [null, file === SOURCE_BUILD && error.code === 'MODULE_NOT_FOUND' ? null : reasonOf(error)]
  if (typeof addon?.isas !== 'function') return [null, NO_ADDON]
  if (addon.version === version) return [addon, null]
  return [null, `it is of evenkeel ${addon.version ?? '(no version)'}, and this is ${version}; ${BUILD}`]
}

/** What speaks against loading a file, or null; null too where it is not there. */
function faultOf(file) {
  // Before it is opened: a pipe would be waited for.
  try {
    if (!fs.statSync(file).isFile()) return NO_FILE
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  }
  return headerFault(file) ?? checksumFault(file)
}

/**
 * One literal path for each file, so that bundlers see it and take the file along; within a `try`, so that they bear
 * with one that is not there.
 */
function requireLiterally(file) {
  try {
    switch (file) {
      case 'build/Release/evenkeel.node':
        return [require('../build/Release/evenkeel.node'), null]
      case 'prebuilds/linux-x64/evenkeel.glibc.node':
        return [require('../prebuilds/linux-x64/evenkeel.glibc.node'), null]
      case 'prebuilds/linux-x64/evenkeel.musl.node':
        return [require('../prebuilds/linux-x64/evenkeel.musl.node'), null]
      case 'prebuilds/linux-arm64/evenkeel.glibc.node':
        return [require('../prebuilds/linux-arm64/evenkeel.glibc.node'), null]
      case 'prebuilds/linux-arm64/evenkeel.musl.node':
        return [require('../prebuilds/linux-arm64/evenkeel.musl.node'), null]
      case 'prebuilds/win32-x64/evenkeel.node':
        return [require('../prebuilds/win32-x64/evenkeel.node'), null]
      case 'prebuilds/darwin-x64/evenkeel.node':
        return [require('../prebuilds/darwin-x64/evenkeel.node'), null]
      case 'prebuilds/darwin-arm64/evenkeel.node':
        return [require('../prebuilds/darwin-arm64/evenkeel.node'), null]
      default:
        return [null, new Error(`there is none for this platform; ${BUILD}`)]
    }
  } catch (error) {
    return [null, error]
  }
}

/** How many threads this machine runs side by side. */
exports.parallelism = function parallelism() {
  return os.availableParallelism?.() ?? os.cpus().length
}

/** One line on stderr, once in a process: that speed is lost, and why. EVENKEEL_QUIET silences it. */
exports.hint = function hint(errors) {
  if (hinted || !isMainThread || process.env.EVENKEEL_QUIET) return
  hinted = true
  const text = `evenkeel: runs on the portable backend, with the same results and less speed: ${errors[0]}. \`npx evenkeel info\` tells all; EVENKEEL_QUIET=1 silences this line.\n`
  try {
    // Not process.stderr: nobody may be there to read it, and its errors are events.
    fs.writeSync(2, text)
  } catch {
    // Then nobody reads it.
  }
}
