'use strict'

// What a Linux binary's header tells before it is loaded. The dynamic loader maps a file that ends too early without a
// word, and the first page past its end kills the process.

const fs = require('node:fs')
const { REINSTALL } = require('./reasons.cjs')

/** ELF's e_machine. */
const MACHINES = { 3: 'ia32', 40: 'arm', 62: 'x64', 183: 'arm64' }
/** Of a 64-bit file. */
const HEADER_BYTES = 64
/** p_type of what is mapped. */
const LOADED = 1
/** Far enough for the program headers and the name of the interpreter behind them. */
const HEAD_BYTES = 4096

/** What speaks against loading a regular file on this machine, or null. */
exports.headerFault = function headerFault(file) {
  if (process.platform !== 'linux') return null
  const { head, size } = readHead(file)
  if (size === 0) return `the file is empty; ${REINSTALL}`
  if (head.length < HEADER_BYTES || head.toString('latin1', 0, 4) !== '\x7fELF')
    return `it is no binary for Linux; ${REINSTALL}`
  const machine = MACHINES[head.readUInt16LE(18)] ?? 'an unknown processor'
  if (machine !== process.arch) return `it is for ${machine}, and this is ${process.arch}; ${REINSTALL}`
  const whole = Math.max(endOfSections(head), endOfSegments(head))
  return size < whole ? `it is truncated: ${size} of ${whole} bytes; ${REINSTALL}` : null
}

/** The table of sections is a file's last part, if there is one: its offset at 40, size and number of entries at 58. */
function endOfSections(head) {
  return Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60)
}

/** Where the last mapped segment ends: the offset of their table at 32, size and number of entries at 54. */
function endOfSegments(head) {
  const [table, bytes, count] = [
    Number(head.readBigUInt64LE(32)),
    head.readUInt16LE(54),
    head.readUInt16LE(56),
  ]
  let end = table + bytes * count
  for (let at = table; at < table + bytes * count && at + bytes <= head.length; at += bytes) {
    const filled = Number(head.readBigUInt64LE(at + 8) + head.readBigUInt64LE(at + 32))
    if (head.readUInt32LE(at) === LOADED) end = Math.max(end, filled)
  }
  return end
}

/** The C library of this process: 'glibc' or 'musl', by its interpreter's name. */
exports.libc = function libc() {
  try {
    const interpreter = /\/ld-(musl|linux)/.exec(readHead('/proc/self/exe').head.toString('latin1'))
    if (interpreter) return interpreter[1] === 'musl' ? 'musl' : 'glibc'
  } catch {
    // No /proc, or no permission: the report knows, in 6 ms instead of half of one.
  }
  const report = process.report?.getReport()
  return report && !report.header.glibcVersionRuntime ? 'musl' : 'glibc'
}

/** A file's first bytes and its size. */
function readHead(file) {
  const descriptor = fs.openSync(file, 'r')
  try {
    const head = Buffer.alloc(HEAD_BYTES)
    const read = fs.readSync(descriptor, head, 0, HEAD_BYTES, 0)
    return { head: head.subarray(0, read), size: fs.fstatSync(descriptor).size }
  } finally {
    fs.closeSync(descriptor)
  }
}
