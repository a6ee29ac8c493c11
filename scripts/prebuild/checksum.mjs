// Writes the checksum for a binary that build.mjs did not build: `node scripts/prebuild/checksum.mjs <target>`.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeChecksum } from '../../native/checksum.cjs'
import { stop } from './debian.mjs'
import { TARGETS } from './targets.mjs'

const name = process.argv[2]
const target = TARGETS[name]
if (!target) stop(`no target ${name ?? 'given'}; there are ${Object.keys(TARGETS).join(', ')}`)
writeChecksum(join(fileURLToPath(new URL('../..', import.meta.url)), target.file))
