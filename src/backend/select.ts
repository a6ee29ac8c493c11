import { hint, parallelism } from '#addon'
import { fail } from '../errors.js'
import { version } from '../version.js'
import type { Backend, Executor } from './backend.js'
import { binary, loadErrors, nativeExecutors } from './native/index.js'
import {
  checkThreads,
  MAX_THREADS,
  needOpenmp,
  openmp,
  setThreads,
  THREADINGS,
  type Threading,
  threading,
  threads,
} from './native/threads.js'
import { portable, portableExecutor } from './portable/index.js'

type Environment = Readonly<Record<string, string | undefined>>

/** What info() returns: which backend runs, and why. */
export interface Info {
  readonly version: string
  /** 'native' or 'portable'. Both give the same bits, at different speeds. */
  readonly backend: 'native' | 'portable'
  /** The instruction set of the native kernels. Null on the portable backend. */
  readonly isa: string | null
  /** The instruction sets that EVENKEEL_ISA can force. Empty with EVENKEEL_BACKEND=portable. */
  readonly isas: readonly string[]
  readonly threads: number
  /** Whose threads run a call: evenkeel's thread pool, or OpenMP. Null on the portable backend. */
  readonly threading: Threading | null
  /** What EVENKEEL_THREADING and setThreads() can choose here. Empty on the portable backend. */
  readonly threadings: readonly Threading[]
  /** What provides OpenMP, as in 'libgomp.so.1'. Null if nothing does. */
  readonly openmp: string | null
  /**
   * Whether forwardAsync and backwardAsync run on another thread. If false, they run on the main thread, in a later
   * iteration of the event loop.
   */
  readonly offThread: boolean
  /** The file of the native backend, relative to the package. Null if no file loaded. */
  readonly binary: string | null
  /** Why other files were not loaded, each with the remedy. */
  readonly loadErrors: readonly string[]
}

/** All backends that this machine can run. The portable backend is the first. */
export function backends(): readonly Backend[] {
  return [portable, ...nativeExecutors.map(({ backend }) => backend)]
}

/** The environment variables. Browsers have none. */
const environment: Environment = globalThis.process?.env ?? {}
/** The backend in use. It follows from the environment and the machine, and is chosen once, when the module loads. */
const chosen = choose(environment)
const initialThreading = threadingFrom(environment)
const initialThreads = threadsFrom(environment)
// The threads are those of the whole process. A worker, or the other build (ESM or CommonJS), has its own
// copy of this module. Such a copy must not undo an earlier setThreads().
if (threads() === 0) setThreads(initialThreads, initialThreading)
if (chosen === portableExecutor && !environment.EVENKEEL_BACKEND) hint(loadErrors)

/** The executor that the engine uses to run passes. */
export function currentExecutor(): Executor {
  return chosen
}

export function currentBackend(): Backend {
  return chosen.backend
}

/**
 * Returns the version, backend, instruction set and number of threads. If the native backend did not load, also the
 * reasons.
 */
export function info(): Info {
  const native = chosen !== portableExecutor
  const provider = native ? (openmp()?.provider ?? null) : null
  return {
    version,
    backend: native ? 'native' : 'portable',
    isa: native ? isaOf(chosen) : null,
    isas: nativeExecutors.map(isaOf),
    threads: native ? threads() : 1,
    threading: native ? threading() : null,
    threadings: native ? THREADINGS.filter((each) => each === 'pool' || provider !== null) : [],
    openmp: provider,
    offThread: chosen.runAsync !== null,
    binary,
    loadErrors,
  }
}

function isaOf({ backend }: Executor): string {
  return backend.name.replace('native-', '')
}

/**
 * Chooses the backend. EVENKEEL_BACKEND = native | portable. EVENKEEL_ISA = one of info().isas. Throws if the
 * environment requires what this machine cannot run.
 */
function choose(env: Environment): Executor {
  const { EVENKEEL_BACKEND: backend, EVENKEEL_ISA: isa } = env
  if (backend && backend !== 'native' && backend !== 'portable') {
    fail(
      'EVENKEEL_BACKEND',
      'EVENKEEL_BACKEND',
      `must be 'native' or 'portable', got '${backend}'`,
      'unset it, and evenkeel chooses',
    )
  }
  if (backend === 'portable' && isa) {
    fail(
      'EVENKEEL_BACKEND',
      `EVENKEEL_ISA=${isa}`,
      'contradicts EVENKEEL_BACKEND=portable: only the native backend has instruction sets',
      'unset one of the two',
    )
  }
  if (backend === 'portable') return portableExecutor
  if (isa) return forced(isa)
  if (backend === 'native' && nativeExecutors.length === 0) {
    fail(
      'EVENKEEL_BACKEND',
      'EVENKEEL_BACKEND=native',
      `the addon did not load (${loadErrors.join('; ')})`,
      'correct that, or unset EVENKEEL_BACKEND to run the portable backend',
    )
  }
  return nativeExecutors[0] ?? portableExecutor
}

function forced(isa: string): Executor {
  const executor = nativeExecutors.find((candidate) => isaOf(candidate) === isa)
  if (executor !== undefined) return executor
  const had =
    nativeExecutors.length > 0 ? nativeExecutors.map(isaOf).join(', ') : 'none: the addon did not load'
  fail(
    'EVENKEEL_BACKEND',
    `EVENKEEL_ISA=${isa}`,
    `this machine cannot run it (it has ${had})`,
    'choose one of these, or unset EVENKEEL_ISA',
  )
}

function threadingFrom(env: Environment): Threading {
  const { EVENKEEL_THREADING: text, EVENKEEL_BACKEND: backend } = env
  if (!text || text === 'pool') return 'pool'
  if (text !== 'openmp') {
    fail(
      'EVENKEEL_OPTION',
      'EVENKEEL_THREADING',
      `must be 'pool' or 'openmp', got '${text}'`,
      'unset it, and evenkeel chooses',
    )
  }
  if (backend === 'portable') {
    fail(
      'EVENKEEL_BACKEND',
      'EVENKEEL_THREADING=openmp',
      'contradicts EVENKEEL_BACKEND=portable: only the native backend has threads',
      'unset one of the two',
    )
  }
  needOpenmp('EVENKEEL_THREADING', "'openmp'", 'unset it to use the thread pool')
  return 'openmp'
}

/** OMP_NUM_THREADS holds where OpenMP runs. By itself OpenMP counts CPUs that a container may not use. */
function threadsFrom(env: Environment): number {
  const { EVENKEEL_THREADS: text, OMP_NUM_THREADS: ofOpenmp } = env
  if (text) {
    checkThreads(`EVENKEEL_THREADS=${text}`, Number(text), text)
    return Number(text)
  }
  const wish = initialThreading === 'openmp' && ofOpenmp ? openmp()?.threads : undefined
  return Math.min(wish ?? parallelism(), MAX_THREADS)
}

export { setThreads, THREADINGS, type Threading }
