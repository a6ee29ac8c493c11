// Reads a PE file of 64 bits for inspect.mjs (Microsoft's "PE Format"). Every machine can run it.
import { readFileSync } from 'node:fs'

const CPUS = { 34404: 'x86-64', 43620: 'aarch64' }
/** The optional header of a 64-bit file, and its table of directories. */
const PE64 = 0x20b
const DIRECTORIES = 112
/** Places in that table, and the bytes of a library's entry and of its name's address in it. */
const EXPORTS = 0
const IMPORTS = { directory: 1, entryBytes: 20, nameAt: 12 }
const DELAYED = { directory: 13, entryBytes: 32, nameAt: 4 }
const SECTION_BYTES = 40

export function inspectPe(path) {
  const image = imageOf(readFileSync(path))
  return {
    format: image.is64 ? `PE ${CPUS[image.cpu] ?? 'of another CPU'}` : 'no PE file of 64 bits',
    libraries: [
      ...librariesOf(image, IMPORTS),
      ...librariesOf(image, DELAYED).map((name) => `${name} (delayed)`),
    ],
    versions: [],
    exports: exportsOf(image),
  }
}

/** Addresses in a PE file are of its image in memory. `at` gives the place of one in the file. */
function imageOf(file) {
  const header = file.readUInt32LE(0x3c)
  const [cpu, sectionCount, optionalBytes] = [4, 6, 20].map((offset) => file.readUInt16LE(header + offset))
  const optional = header + 24
  const sections = Array.from({ length: sectionCount }, (_, i) => {
    const entry = optional + optionalBytes + i * SECTION_BYTES
    const [address, bytes, start] = [12, 16, 20].map((offset) => file.readUInt32LE(entry + offset))
    return { address, bytes, start }
  })
  const at = (address) => {
    const section = sections.find((each) => address >= each.address && address < each.address + each.bytes)
    if (section === undefined) throw new Error(`the file has no section with address ${address}`)
    return section.start + address - section.address
  }
  const is64 = file.readUInt16LE(optional) === PE64
  /** Where a directory is, or null if the file has none. */
  const directory = (index) => {
    const address = is64 ? file.readUInt32LE(optional + DIRECTORIES + index * 8) : 0
    return address === 0 ? null : at(address)
  }
  return { file, cpu, is64, at, directory }
}

/** The table of libraries ends with an entry without a name. */
function librariesOf({ file, at, directory }, { directory: index, entryBytes, nameAt }) {
  const found = []
  const table = directory(index)
  for (let entry = table; table !== null && file.readUInt32LE(entry + nameAt) !== 0; entry += entryBytes)
    found.push(textAt(file, at(file.readUInt32LE(entry + nameAt))))
  return found
}

function exportsOf({ file, at, directory }) {
  const table = directory(EXPORTS)
  if (table === null) return []
  const [count, names] = [24, 32].map((offset) => file.readUInt32LE(table + offset))
  return Array.from({ length: count }, (_, i) => textAt(file, at(file.readUInt32LE(at(names) + 4 * i))))
}

function textAt(file, start) {
  return file.toString('latin1', start, file.indexOf(0, start))
}
