import { createRequire } from 'node:module'
import type * as Threads from '../src/backend/native/threads.js'
import type { Backend } from '../src/index.js'
import type { Setting } from './scenario.js'

export type Evenkeel = typeof import('../src/index.js')

/** The two copies of the library that a scenario runs on. */
export interface Libraries {
  readonly tested: Library
  readonly portable: Library
  /** Sets how the tested library splits up its passes. */
  set(setting: Setting): void
}

/** A copy of the library, and its backend in use. */
export interface Library {
  readonly evenkeel: Evenkeel
  readonly backend: Backend
}

/** Data that a thread gets at the least. The library's own number is such that fuzzed calls would never be split. */
const SPLIT_BYTES = 1
/** A cache that no call fits in. */
const SMALLEST_CACHE = 1

/**
 * Loads the library twice: the ES modules for the backend that is tested, and the CommonJS build for the portable one.
 * Each build has its own modules, and chooses its backend by the environment at the time when it loads.
 */
export async function loadLibraries(backend: string): Promise<Libraries> {
  const dist = new URL('../dist/', import.meta.url)
  const [kind, isa] = backend.split('-')
  process.env.EVENKEEL_BACKEND = kind
  if (isa !== undefined) process.env.EVENKEEL_ISA = isa
  const tested: Evenkeel = await import(new URL('esm/index.js', dist).href)
  const threads: typeof Threads = await import(new URL('esm/backend/native/threads.js', dist).href)
  process.env.EVENKEEL_BACKEND = 'portable'
  delete process.env.EVENKEEL_ISA
  const portable: Evenkeel = createRequire(import.meta.url)(new URL('cjs/index.cjs', dist).pathname)
  return {
    tested: libraryOf(tested),
    portable: libraryOf(portable),
    set: ({ threads: count, split, beyondCache }) => {
      tested.setThreads(count)
      threads.setBytesPerThread(split ? SPLIT_BYTES : threads.BYTES_PER_THREAD)
      threads.setCacheBytes(beyondCache ? SMALLEST_CACHE : 0)
    },
  }
}

function libraryOf(evenkeel: Evenkeel): Library {
  const { backend, isa } = evenkeel.info()
  const name = isa === null ? backend : `${backend}-${isa}`
  return { evenkeel, backend: evenkeel.backends().find((each) => each.name === name)! }
}
