/** A PE file with nothing but what scripts/prebuild/pe.mjs reads: Microsoft's "PE Format". */
export function pe(
  cpu: 'x86-64' | 'aarch64',
  libraries: readonly string[],
  exported: readonly string[],
  delayed: readonly string[] = [],
): Buffer {
  const section = new Section()
  const imports = section.table(libraries.map(section.text), 20, 12)
  const delayedImports = section.table(delayed.map(section.text), 32, 4)
  const names = section.add(words(...exported.map(section.text)))
  const exports = section.add(words(0, 0, 0, 0, 0, 0, exported.length, 0, names))

  const header = Buffer.alloc(SECTION_START)
  header.write('MZ')
  header.writeUInt32LE(PE_HEADER, 0x3c)
  header.write('PE\0\0', PE_HEADER)
  header.writeUInt16LE(cpu === 'x86-64' ? 0x8664 : 0xaa64, PE_HEADER + 4)
  header.writeUInt16LE(1, PE_HEADER + 6)
  header.writeUInt16LE(OPTIONAL_BYTES, PE_HEADER + 20)
  header.writeUInt16LE(0x20b, OPTIONAL_HEADER)
  const directories = OPTIONAL_HEADER + 112
  header.writeUInt32LE(exports, directories)
  header.writeUInt32LE(imports, directories + 8)
  header.writeUInt32LE(delayedImports, directories + 13 * 8)
  words(section.bytes.length, SECTION_ADDRESS, section.bytes.length, SECTION_START).copy(
    header,
    OPTIONAL_HEADER + OPTIONAL_BYTES + 8,
  )
  return Buffer.concat([header, section.bytes])
}

const PE_HEADER = 0x40
const OPTIONAL_HEADER = PE_HEADER + 24
const OPTIONAL_BYTES = 240
/** Where the section is in the file, and in memory. */
const SECTION_START = 0x200
const SECTION_ADDRESS = 0x1000

/** The contents of the one section. Each method returns an address in memory. */
class Section {
  bytes = Buffer.alloc(0)

  add(bytes: Buffer): number {
    const address = SECTION_ADDRESS + this.bytes.length
    this.bytes = Buffer.concat([this.bytes, bytes])
    return address
  }

  text = (text: string) => this.add(Buffer.from(`${text}\0`))

  /** Entries with the address of a name in each, and one without at the end. */
  table(addresses: readonly number[], entryBytes: number, nameAt: number): number {
    const table = Buffer.alloc((addresses.length + 1) * entryBytes)
    addresses.forEach((address, i) => {
      table.writeUInt32LE(address, i * entryBytes + nameAt)
    })
    return this.add(table)
  }
}

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => {
    buffer.writeUInt32LE(value, i * 4)
  })
  return buffer
}
