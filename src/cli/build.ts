import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fail } from '../errors.js'
import type { Action } from './action.js'
import { faultOf } from './check-binary.js'
import { interruptible } from './child.js'
import { compile } from './node-gyp.js'
import { showProgress } from './progress.js'

const WHO = 'evenkeel build'
const BINARY = 'build/Release/evenkeel.node'

/**
 * Compiles the addon from the package's sources, into the package. The loader prefers it to a prebuilt binary.
 *
 * The binary is built and verified in a folder of its own. Then a rename puts it in its place. Therefore no unverified
 * binary is ever loaded, two builds do not disturb each other, and a process that has mapped the old file keeps it.
 */
export const build: Action = () =>
  interruptible(async (signal) => {
    const require = createRequire(import.meta.url)
    // The package's own name resolves wherever this file is run from.
    const root = dirname(require.resolve('evenkeel/package.json'))
    const { checksumFileOf, writeChecksum } = require(join(root, 'native/checksum.cjs'))
    const workshop = prepareWorkshop(root)
    try {
      const progress = showProgress(sourcesIn(root), process.stdout)
      const log = join(root, 'build/build.log')
      await compile(WHO, workshop, log, { signal, onOutput: progress.read }).finally(progress.stop)
      const built = join(workshop, BINARY)
      writeChecksum(built)
      console.log('comparing its bits ...')
      const fault = await faultOf(workshop, BINARY, log, signal)
      if (fault !== null)
        fail('EVENKEEL_BACKEND', WHO, `it was built, but is not kept: ${fault.problem}`, fault.remedy)
      signal.throwIfAborted()
      const place = join(root, BINARY)
      // Between these steps the binary has no checksum. The loader accepts that.
      putInPlace(place, () => {
        rmSync(checksumFileOf(place), { force: true })
        renameSync(built, place)
        renameSync(checksumFileOf(built), checksumFileOf(place))
      })
      console.log(`built ${place}, which passes the self-test`)
      return 0
    } finally {
      rmSync(workshop, { recursive: true, force: true })
    }
  })

/**
 * Copies the package without binaries, and adds a binding.gyp. The package has none: with one, npm would compile it.
 */
function prepareWorkshop(root: string): string {
  const folder = join(root, 'build')
  try {
    mkdirSync(folder, { recursive: true })
    const workshop = mkdtempSync(join(folder, 'source-'))
    for (const each of ['package.json', 'native', 'dist'])
      cpSync(join(root, each), join(workshop, each), { recursive: true })
    writeFileSync(join(workshop, 'binding.gyp'), `${JSON.stringify({ includes: ['native/addon.gypi'] })}\n`)
    return workshop
  } catch (error) {
    fail(
      'EVENKEEL_BACKEND',
      WHO,
      `it cannot write to ${folder} (${(error as Error).message})`,
      'run it as the user that the package belongs to, or install the package where you may write',
    )
  }
}

function sourcesIn(root: string): readonly string[] {
  const { sources } = JSON.parse(readFileSync(join(root, 'native/build.json'), 'utf8'))
  return Object.values<string[]>(sources).flat()
}

function putInPlace(place: string, rename: () => void): void {
  try {
    mkdirSync(dirname(place), { recursive: true })
    rename()
  } catch (error) {
    fail(
      'EVENKEEL_BACKEND',
      WHO,
      `it was built, but cannot replace ${place} (${(error as Error).message})`,
      'end the processes that have it loaded, and run this again',
    )
  }
}
