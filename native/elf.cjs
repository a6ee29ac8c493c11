'use strict'

// What a Linux binary's header tells before it is loaded. The dynamic loader maps a file that ends too early without a
// word, and the first page past its end kills the process.

const fs = require('node:fs')
const { REINSTALL } = require('./reasons.cjs')

/** ELF's e_machine. */
const MACHINES = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64' }
/** Of a 64-bit file. */
const HEADER_BYTES = 64
/** Far enough for the program headers and the name of the interpreter behind them. */
const INTERPRETER_BYTES = 4096

/** What speaks against loading a file on this machine, or null; null too where it is not there. */
exports.faultOf = function faultOf(file) {
  if (process.platform !== 'linux') return null
  const found = readHead(file, HEADER_BYTES)
  if (found === null) return null
  const { head, size } = found
  if (size === 0) return `the file is empty; ${REINSTALL}`
  if (head.length < HEADER_BYTES || head.toString('latin1', 0, 4) !== '\x7fELF')
    return `it is no binary for Linux; ${REINSTALL}`
  const machine = MACHINES[head.readUInt16LE(18)] ?? 'an unknown processor'
  if (machine !== process.arch) return `it is for ${machine}, and this is ${process.arch}; ${REINSTALL}`
  // The table of sections is a file's last part: offset at 40, size and number of its entries at 58 and 60.
  const whole = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60)
  return size < whole ? `it is truncated: ${size} of ${whole} bytes; ${REINSTALL}` : null
}

/** The C library of this process: 'glibc' or 'musl', by its interpreter's name. */
exports.libc = function libc() {
  try {
    const interpreter = /\/ld-(musl|linux)/.exec(
      readHead('/proc/self/exe', INTERPRETER_BYTES).head.toString('latin1'),
    )
    if (interpreter) return interpreter[1] === 'musl' ? 'musl' : 'glibc'
  } catch {
    // No /proc, or no permission: the report knows, in 6 ms instead of half of one.
  }
  const report = process.report?.getReport()
  return report && !report.header.glibcVersionRuntime ? 'musl' : 'glibc'
}

/** A file's first bytes and its size, or null where there is none. */
function readHead(file, bytes) {
  let descriptor
  try {
    descriptor = fs.openSync(file, 'r')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null
    throw error
  }
  try {
    const head = Buffer.alloc(bytes)
    const read = fs.readSync(descriptor, head, 0, bytes, 0)
    return { head: head.subarray(0, read), size: fs.fstatSync(descriptor).size }
  } finally {
    fs.closeSync(descriptor)
  }
}
