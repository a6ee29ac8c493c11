import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { fail } from '../../src/errors.js'

const directory = fileURLToPath(new URL('./native/', import.meta.url))
/** Of the development dependencies. In the PATH there may be another, such as npm's. */
const NODE_GYP = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js')
const SOURCES = ['addon.cc', 'binding.gyp', '../../native/copy.cc', '../../native/copy.h']

/**
 * Builds the copies of "the limit", workers/limit.ts's addon, where they are missing or older than their sources.
 * @throws EvenkeelError where there is no compiler.
 */
export function buildCopyAddon(): void {
  const built = `${directory}build/Release/copy.node`
  const isFresh = existsSync(built) && SOURCES.every((file) => modified(directory + file) <= modified(built))
  if (isFresh) return
  const build = spawnSync(process.execPath, [NODE_GYP, 'rebuild', '--directory', directory], {
    encoding: 'utf8',
  })
  if (build.status === 0 && existsSync(built)) return
  fail(
    'EVENKEEL_OPTION',
    'bench',
    `the copies that the limit is measured with could not be built: ${build.error?.message || build.stderr || 'node-gyp made nothing'}`,
    'install a C++ compiler, or leave the limit out with --contenders',
  )
}

function modified(path: string): number {
  return statSync(path).mtimeMs
}
