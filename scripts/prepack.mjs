// Runs before `npm pack` and `npm publish`. A package without binaries would work everywhere but be slow, and only its
// users would notice.
import { existsSync } from 'node:fs'
import { checksumFileOf } from '../native/checksum.cjs'
import { TARGETS } from './prebuild/targets.mjs'

const lacking = Object.values(TARGETS).filter(
  ({ file }) => !existsSync(file) || !existsSync(checksumFileOf(file)),
)
if (lacking.length > 0) {
  const wanted = process.env.EVENKEEL_PACK === 'incomplete'
  console.error(
    `evenkeel: ${lacking.length} of ${Object.keys(TARGETS).length} binaries, or their checksums, are not there:`,
  )
  for (const { file, on } of lacking) console.error(`  ${file}, made by \`npm run prebuildify\` on ${on}`)
  if (wanted) {
    console.error('evenkeel: packed without them, as EVENKEEL_PACK=incomplete wants it; not to be published')
  } else {
    console.error(
      'evenkeel: nothing is packed. Make them (docs/releasing.md), or pack what is there, for tests, by ' +
        '`EVENKEEL_PACK=incomplete npm pack`.',
    )
    process.exitCode = 1
  }
}
