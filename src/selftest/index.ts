/**
 * A fixed set of cases that every backend must answer with the same bits.
 *
 * @module evenkeel/selftest
 */
import type { Backend } from '../backend/backend.js'
import {
  BYTES_PER_THREAD,
  setBytesPerThread,
  setCacheBytes,
  setThreads,
  threads,
} from '../backend/native/threads.js'
import { portable } from '../backend/portable/index.js'
import { backends, info } from '../backend/select.js'
import { hashOf, selftestCases } from './cases.js'
import { EXPECTED } from './expected.js'
import { Hash } from './hash.js'

/** All cases on one backend in one setting. */
export interface SelftestRun {
  /** As Backend.name: 'portable', 'native-avx2', ... */
  readonly backend: string
  readonly threads: number
  /** Whether the passes ran asynchronously. */
  readonly async: boolean
  /** Whether data was treated as larger than the cache. */
  readonly beyondCache: boolean
  readonly ok: boolean
  /** A hash of the bits of all results, 16 hexadecimal digits. */
  readonly digest: string
  /** The cases whose bits differ from the expected ones. */
  readonly failures: readonly string[]
}

export interface SelftestReport {
  readonly version: string
  /** The backend that the library uses, as in info(). */
  readonly backend: 'native' | 'portable'
  readonly isa: string | null
  /** Whether every run gave the expected bits. */
  readonly ok: boolean
  readonly cases: number
  /** The digest of all runs. Null if they differ. */
  readonly digest: string | null
  readonly expected: string
  readonly runs: readonly SelftestRun[]
}

export interface SelftestOptions {
  readonly backends?: readonly Backend[]
  readonly quick?: boolean
}

/** One thread, the number of the smallest machine, and a prime, so that the partitions do not divide evenly. */
const THREADS = [1, 2, 7]

interface Setting {
  readonly backend: Backend
  readonly threads: number
  readonly async: boolean
  readonly beyondCache: boolean
}

/**
 * Runs a fixed set of cases on each backend. It compares the bits of all results with the expected bits, which are the
 * same on every platform. Native backends run the cases with several thread counts, and also asynchronously.
 *
 * It takes about a second per backend. Meanwhile it changes the number of threads of the whole process, and restores it
 * at the end. Make no other calls until the promise is settled.
 *
 * @param options.backends the backends to test. Default: all that this machine can run; in browsers the portable one.
 * @param options.quick one run on each backend, with two threads, instead of seven. Default false.
 */
export async function selftest(options: SelftestOptions = {}): Promise<SelftestReport> {
  const { backends: list = backends(), quick = false } = options
  const runs: SelftestRun[] = []
  for (const setting of list.flatMap((backend) => settingsFor(backend, quick))) runs.push(await run(setting))
  const expected = digestOf(selftestCases.map(({ title }) => EXPECTED[title]))
  const agreed = runs.length > 0 && runs.every(({ digest }) => digest === runs[0].digest)
  const { version, backend, isa } = info()
  return {
    version,
    backend,
    isa,
    ok: runs.length > 0 && runs.every(({ ok }) => ok),
    cases: selftestCases.length,
    digest: agreed ? runs[0].digest : null,
    expected,
    runs,
  }
}

function settingsFor(backend: Backend, quick: boolean): Setting[] {
  const plain = { backend, threads: backend === portable ? 1 : 2, async: false, beyondCache: false }
  if (quick || backend === portable) return [plain]
  const sync = THREADS.flatMap((count) =>
    [false, true].map((beyondCache) => ({ ...plain, threads: count, beyondCache })),
  )
  return backend.forwardAsync === undefined ? sync : [...sync, { ...plain, async: true }]
}

async function run({ backend, threads: count, async, beyondCache }: Setting): Promise<SelftestRun> {
  const before = threads()
  try {
    setThreads(count)
    // With these settings the smallest case uses the thread pool and, if beyondCache is set, the code paths of large
    // data.
    setBytesPerThread(1)
    setCacheBytes(beyondCache ? 1 : 0)
    const hashes: string[] = []
    for (const each of selftestCases) hashes.push(await hashOf(backend, each, async))
    const failures = selftestCases
      .map(({ title }) => title)
      .filter((title, i) => hashes[i] !== EXPECTED[title])
    const ok = failures.length === 0
    const digest = digestOf(hashes)
    return { backend: backend.name, threads: count, async, beyondCache, ok, digest, failures }
  } finally {
    setThreads(before)
    setBytesPerThread(BYTES_PER_THREAD)
    setCacheBytes(0)
  }
}

/** Joins many hashes to one digest: FNV-1a over their digits as numbers. */
function digestOf(hashes: readonly string[]): string {
  const hash = new Hash()
  for (const each of hashes)
    hash.add(Float64Array.from(each.match(/.{8}/g) ?? [], (half) => Number.parseInt(half, 16)))
  return hash.toString()
}
