import { load } from '#addon'
import type { FloatArray } from '../../tensor.js'
import type { Operands, PassName } from '../operands.js'
import type { Frames, Gone } from './cached-calls.js'

/** Runs a pass on its operands, in the order of the table in operands.ts. `isa` is an index into isas(). */
type Run<Result> = (isa: number, descriptor: Float64Array, ...operands: Operands) => Result

/** Runs a pass and keeps it in a frame. The number of the frame is the last argument. */
type KeptRun = (isa: number, descriptor: Float64Array, ...operandsAndFrame: [...Operands, number]) => Gone

/** What the addon exports. native/binding/addon.cc defines it. */
export type Addon = Frames &
  Settings & {
    /** The version of the addon. native/load.cjs loads only an addon of the package's own version. */
    readonly version: string
    /** The instruction sets that this CPU has. The best one is first, 'scalar' is last. */
    isas(): string[]
  } & { readonly [P in PassName]: Run<void> } & {
    readonly [P in PassName as `${P}Kept`]: KeptRun
  } & {
    /** Absent if the runtime does not let the addon keep the memory of an array (native/binding/memory.cc). */
    readonly [P in PassName as `${P}Async`]?: Run<Promise<void>>
  }

interface Settings {
  threads(): number
  setThreads(threads: number): void
  /** An index into THREADINGS (threads.ts). */
  threading(): number
  setThreading(index: number): void
  /** How many threads OpenMP would take, what provides it, why nothing does, and the remedy. '' for a text that there is not. */
  openmp(): [threads: number, provider: string, fault: string, remedy: string]
  setBytesPerThread(bytes: number): void
  adviseHugePages(array: FloatArray): void
  setCacheBytes(bytes: number): void
}

const loaded = load()

/** The addon. Null if none loaded. */
export const addon = loaded.addon as Addon | null
/** The file of the addon, relative to the package. Null if none loaded. */
export const binary: string | null = loaded.binary
/** Why other files were not loaded. */
export const loadErrors: readonly string[] = loaded.errors
