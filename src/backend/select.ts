import { hint, parallelism } from '#addon'
import { fail } from '../errors.js'
import { version } from '../version.js'
import type { Backend, Executor } from './backend.js'
import { binary, loadErrors, nativeExecutors } from './native/index.js'
import { checkThreads, MAX_THREADS, setThreads, threads } from './native/threads.js'
import { portable, portableExecutor } from './portable/index.js'

type Environment = Readonly<Record<string, string | undefined>>

/** What runs, and why. */
export interface Info {
  readonly version: string
  /** 'native' or 'portable': same bits, different speed. */
  readonly backend: 'native' | 'portable'
  /** The instruction set of the native kernels that run; null on the portable backend. */
  readonly isa: string | null
  /** Every instruction set that could be forced with EVENKEEL_ISA; none under EVENKEEL_BACKEND=portable. */
  readonly isas: readonly string[]
  readonly threads: number
  /** Whether forwardAsync and backwardAsync run on another thread; if not, in a later turn of the event loop. */
  readonly offThread: boolean
  /** The file of the native backend, relative to the package; null where none loaded. */
  readonly binary: string | null
  /** Why files were passed over before that one, or no file loaded, each with the remedy. */
  readonly loadErrors: readonly string[]
}

/** Every backend that this machine can run, the portable one first. */
export function backends(): readonly Backend[] {
  return [portable, ...nativeExecutors.map(({ backend }) => backend)]
}

/** Browsers have none. */
const environment: Environment = globalThis.process?.env ?? {}
/** The backend that the environment and the machine choose, once, at load. */
const chosen = choose(environment)
const wishedThreads = threadsFrom(environment)
// The count is the process's: this module's copy in a worker, or in the other build, must not undo a setThreads().
if (threads() === 0) setThreads(wishedThreads)
if (chosen === portableExecutor && !environment.EVENKEEL_BACKEND) hint(loadErrors)

/** What the engine runs passes by. */
export function currentExecutor(): Executor {
  return chosen
}

export function currentBackend(): Backend {
  return chosen.backend
}

/** Tells version, backend, instruction set, threads and, where the native backend did not load, why. */
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

/** EVENKEEL_BACKEND = native | portable; EVENKEEL_ISA = one of isas. A wish that cannot be met is an error. */
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
      'mend that, or unset EVENKEEL_BACKEND to run the portable backend',
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
  const { EVENKEEL_THREADS: wish } = env
  if (!wish) return Math.min(parallelism(), MAX_THREADS)
  checkThreads(`EVENKEEL_THREADS=${wish}`, Number(wish), wish)
  return Number(wish)
}

export { setThreads }
