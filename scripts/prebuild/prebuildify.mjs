// npm run prebuildify [-- --cross <target>]
//
// Makes the published binary of the machine that it runs on, by prebuildify, with its checksum, and checks it
// (docs/releasing.md). `--cross` makes one of another platform on Debian, for tests by emulation.
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeChecksum } from '../../native/checksum.cjs'
import { libc } from '../../native/elf.cjs'
import { byPrebuildify } from './by-prebuildify.mjs'
import { check } from './check.mjs'
import { CROSS } from './cross/index.mjs'
import { ROOT } from './layout.mjs'
import { stop } from './processes.mjs'
import { TARGETS } from './targets.mjs'

const { cross } = parseArgs({ options: { cross: { type: 'string' } } }).values
const name = cross ?? nameOfThisMachine()
if (!(name in TARGETS)) stop(`there is no target ${name}, only ${Object.keys(TARGETS).join(', ')}`)
if (cross && !(cross in CROSS)) stop(`Debian makes ${Object.keys(CROSS).join(', ')}, and not ${cross}`)
const { folder, make } = cross ? CROSS[cross]() : ofThisMachine()

// Twice, in two folders: neither the name of the folder nor the time may change the binary.
const first = await make(join(folder, 'first'))
const second = await make(join(folder, 'second'))
if (!readFileSync(first).equals(readFileSync(second))) stop(`two builds differ: ${first}, ${second}`)
const file = join(ROOT, TARGETS[name].file)
mkdirSync(dirname(file), { recursive: true })
copyFileSync(first, file)
writeChecksum(file)
if (!check(name, ROOT)) process.exitCode = 1

function nameOfThisMachine() {
  const { platform, arch } = process
  return [platform, arch, ...(platform === 'linux' ? [libc()] : [])].join('-')
}

function ofThisMachine() {
  return { folder: join(ROOT, 'build/prebuild'), make: (folder) => byPrebuildify(name, folder) }
}
