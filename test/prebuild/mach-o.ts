/** A Mach-O file with nothing but what scripts/prebuild/mach-o.mjs reads: <mach-o/loader.h>. */
export function machO(
  cpu: 'x86-64' | 'arm64',
  libraries: readonly string[],
  exported: readonly string[],
  bytes = 0,
): Buffer {
  const loads = libraries.map((name) => {
    const text = padded(name)
    return Buffer.concat([words(0xc, 24 + text.length, 24, 0, 0, 0), text])
  })
  const commandBytes = Buffer.concat(loads).length + SYMTAB_BYTES
  const symbolsAt = HEADER_BYTES + commandBytes
  const namesAt = symbolsAt + exported.length * 16
  const names = exported.map((name) => Buffer.from(`_${name}\0`))
  const symbols = exported.map((_, i) => {
    const entry = Buffer.alloc(16)
    entry.writeUInt32LE(Buffer.concat(names.slice(0, i)).length, 0)
    entry.writeUInt8(DEFINED_EXTERNAL, 4)
    return entry
  })
  const file = Buffer.concat([
    words(
      0xfeedfacf,
      cpu === 'arm64' ? 0x0100000c : 0x01000007,
      0,
      8,
      libraries.length + 1,
      commandBytes,
      0,
      0,
    ),
    ...loads,
    words(0x2, SYMTAB_BYTES, symbolsAt, exported.length, namesAt, Buffer.concat(names).length),
    ...symbols,
    ...names,
  ])
  return Buffer.concat([file, Buffer.alloc(Math.max(0, bytes - file.length))])
}

const HEADER_BYTES = 32
const SYMTAB_BYTES = 24
/** N_SECT | N_EXT */
const DEFINED_EXTERNAL = 0x0f

function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4)
  values.forEach((value, i) => {
    buffer.writeUInt32LE(value, i * 4)
  })
  return buffer
}

function padded(text: string): Buffer {
  return Buffer.concat([Buffer.from(text), Buffer.alloc(8 - (text.length % 8))])
}
