import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Info } from '../index.js'
import type { SelftestReport } from '../selftest/index.js'
import { type Ended, run } from './child.js'

export interface Fault {
  readonly problem: string
  readonly remedy: string
}

/**
 * Loads the binary of a package in a process of its own, and compares its bits. Returns null if they are right.
 * @param root the package's folder, which has no other binary
 * @param log the file with the compiler's output
 */
export async function faultOf(
  root: string,
  binary: string,
  log: string,
  signal: AbortSignal,
): Promise<Fault | null> {
  const module = (name: string) => JSON.stringify(pathToFileURL(join(root, 'dist/esm', name)).href)
  const script = `
    const { info } = await import(${module('index.js')})
    const { selftest } = await import(${module('selftest/index.js')})
    const found = info()
    console.log(JSON.stringify({ found, report: found.binary === null ? null : await selftest() }))`
  // Without the user's settings for the library, because this binary is tested and no other.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('EVENKEEL_')),
  )
  const ended = await run(process.execPath, ['--input-type=module', '--eval', script], { env, signal })
  if (ended.status !== 0)
    return { problem: `the self-test ended with ${endOf(ended)}`, remedy: OTHER_COMPILER }
  const { found, report } = JSON.parse(ended.stdout) as { found: Info; report: SelftestReport | null }
  if (report === null || found.binary !== binary)
    return { problem: `it does not load (${found.loadErrors.join('; ')})`, remedy: `see ${log}` }
  return bitsFault(report)
}

const OTHER_COMPILER = 'name another compiler in the variable CXX, or use the prebuilt binary'

/** Compilers have faults: one did not round a float64 to float32 where it vectorized (docs/decisions/0006). */
function bitsFault({ ok, runs }: SelftestReport): Fault | null {
  if (ok) return null
  const failed = runs.filter((each) => !each.ok).map(({ backend, threads }) => `${backend} on ${threads}`)
  return { problem: `its bits are wrong (${failed.join(', ')} threads)`, remedy: OTHER_COMPILER }
}

function endOf({ error, signal, status, output }: Ended): string {
  return error?.message ?? signal ?? `exit code ${status}: ${output.trim().split('\n')[0]}`
}
