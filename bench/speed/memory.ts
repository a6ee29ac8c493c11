import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { fail } from '../../src/errors.js'
import { type BenchCase, benchCase } from './cases.js'
import { arrayBytes } from './traffic.js'

// npm run bench -- memory: the most memory that a forward and a backward step hold, against what they cannot do
// without: x, y, dy, dx and the statistics. Each case in a process of its own, with buffers that are reused.

/** What a case's process found, in bytes. */
export interface Memory {
  readonly bench: BenchCase
  /** x, y, dy, dx; per statistic a float64 mean and variance. */
  readonly least: number
  /** VmHWM at the end, less what the process held before it made an array. */
  readonly peak: number
}

/** Of each array. */
const MEBIBYTES = 256
const STEPS = 3

const CASES: readonly BenchCase[] = [
  benchCase('LayerNorm', 'plain', [65536, 1024], 'backward'),
  benchCase('BatchNorm', 'channels-first', [64, 64, 128, 128], 'backward'),
  benchCase('BatchNorm', 'channels-last', [64, 128, 128, 64], 'backward'),
  benchCase('GroupNorm', 'channels-first', [64, 64, 128, 128], 'backward'),
  benchCase('GroupNorm', 'channels-last', [64, 128, 128, 64], 'backward'),
]

/** @throws EvenkeelError where the system does not tell a process's peak. */
export function measureMemory(threads: number): Memory[] {
  if (!existsSync('/proc/self/status')) {
    fail(
      'EVENKEEL_OPTION',
      'memory',
      'there is no /proc/self/status, which tells the peak',
      'run it on Linux',
    )
  }
  const worker = fileURLToPath(new URL('./workers/memory.ts', import.meta.url))
  return CASES.map((bench) => {
    if (arrayBytes(bench) !== MEBIBYTES * 2 ** 20) throw new Error(`${bench.name} is not ${MEBIBYTES} MiB`)
    const request = JSON.stringify({ bench, threads, steps: STEPS })
    const reply = execFileSync(process.execPath, ['--import', 'tsx', worker, request], { encoding: 'utf8' })
    return { bench, ...(JSON.parse(reply) as Pick<Memory, 'least' | 'peak'>) }
  })
}

export function formatMemory(all: readonly Memory[]): string {
  const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1).padStart(10)
  const head = `${''.padEnd(52)}${'least'.padStart(10)}${'peak'.padStart(10)}${'more'.padStart(10)}`
  const lines = all.map(
    ({ bench, least, peak }) =>
      bench.name.replace(' backward', '').padEnd(52) + [least, peak, peak - least].map(mebibytes).join(''),
  )
  return [
    `MiB of ${STEPS} forward and backward steps with out, ${MEBIBYTES} MiB an array`,
    head,
    ...lines,
  ].join('\n')
}
