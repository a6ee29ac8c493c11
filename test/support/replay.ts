import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Plan } from '../../src/engine/plan.js'
import { type FloatArray, newArray } from '../../src/tensor.js'
import type { CaseBuffers } from './buffers.js'
import { EXTREMA_FIELDS, type Extrema, OUTCOME_FIELDS, type Outcome } from './run.js'

// The other side of test/native/replay.cc: writes cases in its format, runs it, and reads what it wrote.

/** A build of replay.cc, and how to run it: set as JSON in EVENKEEL_REPLAY by scripts/native-tests.mjs. */
export interface Replayer {
  /** What is run, in words, for the summary. */
  readonly title: string
  /** The program and the arguments before its own; an emulator may be in front. */
  readonly command: readonly string[]
  /** The instruction sets to run. */
  readonly isas: readonly string[]
  readonly threads: readonly number[]
  /** What provides OpenMP. Empty if nothing does. */
  readonly openmp: string
}

/** All that replay.cc writes for a case. */
export type Result = Outcome & Extrema
export const RESULT_FIELDS = [...OUTCOME_FIELDS, ...EXTREMA_FIELDS] as const

const ALIASING = { none: 0, 'y=x': 1, 'dx=dy': 2, 'dx=x': 3 }
const ALIGNMENT = 8

/** A case as replay.cc reads it. Call it before a backend has run on the buffers. */
export function encodeCase(plan: Plan, { forward, backward }: CaseBuffers): Uint8Array[] {
  const { x, y, weight, bias, mean, variance } = forward
  const { dy, dx, dweight, dbias } = backward
  const aliasing = x === y ? 'y=x' : dx === dy ? 'dx=dy' : dx === x ? 'dx=x' : 'none'
  const present = [weight, bias, dweight, dbias].map((array, i) => (array === null ? 0 : 2 ** i))
  const parameters = present.reduce((sum, bit) => sum + bit)
  const misalignment = (x.byteOffset % 64) / x.BYTES_PER_ELEMENT
  const header = Float64Array.of(...plan.descriptor, ALIASING[aliasing], parameters, misalignment)
  const arrays = [header, x, dy, weight, bias, mean, variance, dweight, dbias]
  return arrays.flatMap((array) => (array === null ? [] : padded(array)))
}

function padded(array: FloatArray): Uint8Array[] {
  const bytes = new Uint8Array(array.byteLength + paddingOf(array.byteLength))
  bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  return [bytes]
}

function paddingOf(bytes: number): number {
  return (ALIGNMENT - (bytes % ALIGNMENT)) % ALIGNMENT
}

/** How cases are run. */
export interface Setting {
  readonly isa: string
  readonly threads: number
  readonly threading: 'pool' | 'openmp'
  /** What the cache is taken for; 0: the machine's own. */
  readonly cacheBytes: number
  /** How each array lies: beside a cache line, as the case says, or at the end of a page before one that may not be read. */
  readonly places: 'lines' | 'page-ends'
}

/** The instruction sets that a build offers, best first. */
export function offeredIsas([program, ...first]: readonly string[]): string[] {
  return execFileSync(program, [...first, '--isas'], { encoding: 'utf8' })
    .trim()
    .split('\n')
}

/** Encoded cases in a file, which each setting reads again. */
export class CaseFile {
  private readonly directory = mkdtempSync(join(tmpdir(), 'evenkeel-replay-'))
  private readonly cases = join(this.directory, 'cases')
  private readonly results = join(this.directory, 'results')
  private readonly count: number

  /** As encodeCase gives them, an entry for each case. */
  constructor(encoded: readonly Uint8Array[][]) {
    this.count = encoded.length
    writeFileSync(this.cases, Buffer.concat(encoded.flat()))
  }

  /**
   * Runs them, and gives a reader of their results, to be asked in the cases' order.
   * Throws where the program fails: it does so where it finds an array damaged, or a sanitizer finds anything.
   */
  replay({ command: [program, ...first] }: Replayer, setting: Setting): ResultReader {
    const { isa, threads, threading, cacheBytes, places } = setting
    // 1 byte per worker: the smallest case reaches the threads.
    const settings = [isa, String(threads), threading, '1', String(cacheBytes), places]
    const ran = execFileSync(program, [...first, this.cases, this.results, ...settings], { encoding: 'utf8' })
    if (Number(ran) !== this.count) throw new Error(`replay ran ${ran.trim()} cases instead of ${this.count}`)
    return new ResultReader(readFileSync(this.results))
  }

  remove(): void {
    rmSync(this.directory, { recursive: true })
  }
}

class ResultReader {
  private at = 0

  constructor(private readonly bytes: Uint8Array) {}

  /** The next case's results, in arrays like those expected. */
  next(expected: Result): Result {
    const entries = RESULT_FIELDS.map((field) => [field, this.array(expected[field])])
    return Object.fromEntries(entries)
  }

  atEnd(): boolean {
    return this.at === this.bytes.length
  }

  private array(like: FloatArray | null): FloatArray | null {
    if (like === null) return null
    const array = newArray(like instanceof Float64Array ? 'float64' : 'float32', like.length)
    const from = this.bytes.subarray(this.at, this.at + array.byteLength)
    if (from.length !== array.byteLength) throw new Error('the file of results ends within a case')
    new Uint8Array(array.buffer).set(from)
    this.at += array.byteLength + paddingOf(array.byteLength)
    return array
  }
}
