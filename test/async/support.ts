import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll } from 'vitest'

// For tests that could end a process. They run in a child process, on a compiled copy of the package, as users have it.

export interface Ended {
  /** The exit code, or the signal that ended it. */
  readonly how: number | string
  readonly stdout: string
  readonly stderr: string
}

/** Longer than any child takes. A child that hangs is then ended by SIGTERM, and `how` is that signal. */
const TIME_LIMIT = 240_000

/** Compiles src/ for the test file that calls it. The output is in the repository, so that #addon is found. */
export function compiledEvenkeel(): string {
  mkdirSync('build', { recursive: true })
  const folder = mkdtempSync(join('build', 'async-test-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const compiler = 'node_modules/typescript/bin/tsc'
  execFileSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', folder])
  return resolve(folder, 'index.js')
}

/** Runs test/async/children/`script` with the path of evenkeel and `args` as its arguments. */
export function runChild(
  evenkeel: string,
  script: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const path = resolve('test/async/children', script)
  // Without the warning about a missing native backend, which is no fault of the child.
  const ours = { EVENKEEL_THREADS: '2', EVENKEEL_QUIET: '1' }
  const settings = { timeout: TIME_LIMIT, env: { ...process.env, ...ours, ...env } }
  return new Promise((done) => {
    execFile(
      process.execPath,
      ['--expose-gc', path, evenkeel, ...args],
      settings,
      (error, stdout, stderr) => {
        done({ how: error === null ? 0 : (error.signal ?? Number(error.code)), stdout, stderr })
      },
    )
  })
}
