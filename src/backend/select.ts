import { hint, parallelism } from '#addon'
import { fail } from '../errors.js'
import { version } from '../version.js'
import type { Backend, Executor } from './backend.js'
import { binary, loadErrors, nativeExecutors } from './native/index.js'
import { checkThreads, MAX_THREADS, setThreads, threads } from './native/threads.js'
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
const initialThreads = threadsFrom(environment)
// The number of threads is one for the whole process. A worker, or the other build (ESM or CommonJS), has its own
// copy of this module. Such a copy must not undo an earlier setThreads().
if (threads() === 0) setThreads(initialThreads)
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
  return {
    version,
    backend: native ? 'native' : 'portable',
    isa: native ? isaOf(chosen) : null,
    isas: nativeExecutors.map(isaOf),
    threads: native ? threads() : 1,
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

function threadsFrom(env: Environment): number {
  const { EVENKEEL_THREADS: text } = env
  if (!text) return Math.min(parallelism(), MAX_THREADS)
  checkThreads(`EVENKEEL_THREADS=${text}`, Number(text), text)
  return Number(text)
}

export { setThreads }
