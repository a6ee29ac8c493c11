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
 * Loads the binary of a package, and compares its bits, in a process of its own; null where all is well.
 * @param root the package's folder, that has no other binary
 * @param log what the compiler said
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
  // Without what the user wishes of the library: it is the binary that is asked.
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

/** Compilers err: one forgot to round a float64 to float32 where it vectorized. */
function bitsFault({ ok, runs }: SelftestReport): Fault | null {
  if (ok) return null
  const failed = runs.filter((each) => !each.ok).map(({ backend, threads }) => `${backend} on ${threads}`)
  return { problem: `its bits are others (${failed.join(', ')} threads)`, remedy: OTHER_COMPILER }
}

function endOf({ error, signal, status, output }: Ended): string {
  return error?.message ?? signal ?? `exit code ${status}: ${output.trim().split('\n')[0]}`
}
