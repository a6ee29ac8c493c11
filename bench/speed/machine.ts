import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { REPOSITORY } from './checkout.js'

// What the numbers were measured on, and whether anything else was running.

export interface Caches {
  /** Bytes of one core's L2. */
  readonly l2: number
  /** Bytes of the last level that cores share; 0 where unknown. */
  readonly l3: number
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly caches: Caches
  readonly platform: string
  readonly node: string
  readonly compiler: string
  /** '+' after it: with changes that are not committed. */
  readonly commit: string
}

/** Whether the machine was quiet. */
export interface Load {
  /** Runnable processes, averaged over the last minute; 0 where the system does not say. */
  readonly loadAverage: number
  /** How many cores others kept busy during half a second in which this program slept. */
  readonly busyCores: number
  /** Of a fixed piece of arithmetic, timed many times: (upper quartile - least) / least. 0 on a quiet machine. */
  readonly spread: number
}

/** Where the system does not tell, as on macOS and Windows; the classes of size are then guesses. */
const USUAL_L2 = 1 << 20

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    caches: readCaches('/sys/devices/system/cpu/cpu0/cache'),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    compiler: firstLine(process.env.CXX ?? 'g++', ['--version']),
    commit: commitOf(REPOSITORY),
  }
}

/** Linux's description of the first core's caches. */
export function readCaches(directory: string): Caches {
  const sizes = new Map<number, number>()
  for (const entry of existsSync(directory) ? readdirSync(directory) : []) {
    const read = (name: string) => readFileSync(join(directory, entry, name), 'utf8').trim()
    if (!/^index\d+$/.test(entry) || read('type') === 'Instruction') continue
    sizes.set(Number(read('level')), Number.parseInt(read('size'), 10) * 1024)
  }
  return { l2: sizes.get(2) ?? USUAL_L2, l3: sizes.get(3) ?? 0 }
}

/** Of a checkout; '+' after it: with changes that are not committed. */
export function commitOf(checkout: string): string {
  return firstLine('git', ['-C', checkout, 'describe', '--always', '--dirty=+'])
}

function firstLine(program: string, args: readonly string[]): string {
  try {
    const text = execFileSync(program, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return text.split('\n')[0]
  } catch {
    return 'unknown'
  }
}

/** Above these a run begins with a warning. */
const QUIET_CORES = 0.1
const QUIET_SPREAD = 0.05
const WATCH_MS = 500

const CALIBRATIONS = 60
/** About 3 ms of arithmetic that touches no memory. */
const CALIBRATION_STEPS = 3_000_000

export async function measureLoad(): Promise<Load> {
  const before = busyMilliseconds()
  await sleep(WATCH_MS)
  const busyCores = (busyMilliseconds() - before) / WATCH_MS
  const times = Array.from({ length: CALIBRATIONS }, () => {
    const start = performance.now()
    spin()
    return performance.now() - start
  }).sort((a, b) => a - b)
  const upper = times[Math.floor(0.75 * times.length)]
  return { loadAverage: loadavg()[0], busyCores, spread: (upper - times[0]) / times[0] }
}

function busyMilliseconds(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0)
}

/** The result is used, so that no compiler leaves the loop out. */
let sink = 1
function spin(): void {
  let value = sink
  for (let i = 0; i < CALIBRATION_STEPS; i++) value = Math.imul(value, 1664525) + 1013904223
  sink = value | 1
}

/** A warning, or null on a quiet machine. The load average is no part of it: it tells of the minute before. */
export function loadWarning({ busyCores, spread }: Load): string | null {
  if (busyCores <= QUIET_CORES && spread <= QUIET_SPREAD) return null
  return (
    `this machine is not quiet: others keep ${busyCores.toFixed(1)} cores busy, the same arithmetic varies by ` +
    `${(100 * spread).toFixed(0)} %; end what else runs for numbers to rely on`
  )
}
