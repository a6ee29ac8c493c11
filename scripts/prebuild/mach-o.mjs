// Reads a Mach-O file of one 64-bit architecture for inspect.mjs (<mach-o/loader.h>, <mach-o/nlist.h>). Every machine
// can run it, not only a Mac.
import { readFileSync } from 'node:fs'

const CPUS = { 16777223: 'x86-64', 16777228: 'arm64' }
const HEADER_BYTES = 32
const LC_SYMTAB = 0x2
/** LC_LOAD_DYLIB, LC_LOAD_WEAK_DYLIB and LC_REEXPORT_DYLIB. */
const LOADS = [0xc, 0x80000018, 0x8000001f]
const SYMBOL_BYTES = 16
const N_STAB = 0xe0
const N_PEXT = 0x10
const N_TYPE = 0x0e
const N_EXT = 0x01

export function inspectMachO(path) {
  const file = readFileSync(path)
  const commands = [...commandsOf(file)]
  return {
    format: `Mach-O ${CPUS[file.readUInt32LE(4)] ?? 'of another CPU'}`,
    libraries: commands
      .filter(({ kind }) => LOADS.includes(kind))
      .map(({ at }) => textAt(file, at + file.readUInt32LE(at + 8))),
    versions: [],
    exports: commands.filter(({ kind }) => kind === LC_SYMTAB).flatMap(({ at }) => exportsOf(file, at)),
  }
}

function* commandsOf(file) {
  const count = file.readUInt32LE(16)
  for (let i = 0, at = HEADER_BYTES; i < count; i++) {
    yield { kind: file.readUInt32LE(at), at }
    at += file.readUInt32LE(at + 4)
  }
}

/** The defined external symbols, without the underscore that C adds. */
function exportsOf(file, at) {
  const [symbols, count, names] = [8, 12, 16].map((offset) => file.readUInt32LE(at + offset))
  const found = []
  for (let i = 0; i < count; i++) {
    const symbol = symbols + i * SYMBOL_BYTES
    const type = file.readUInt8(symbol + 4)
    const external = (type & (N_STAB | N_PEXT)) === 0 && (type & N_EXT) !== 0
    if (external && (type & N_TYPE) !== 0) found.push(textAt(file, names + file.readUInt32LE(symbol)))
  }
  return found.map((name) => name.replace(/^_/, ''))
}

function textAt(file, start) {
  return file.toString('utf8', start, file.indexOf(0, start))
}
