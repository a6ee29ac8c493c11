import { load } from '#addon'
import type { FloatArray } from '../../tensor.js'
import type { Operands, PassName } from '../operands.js'
import type { Frames, Gone } from './cached-calls.js'

/** A pass over the operands of its table (operands.ts), in their order. `isa` is an index into isas(). */
type Run<Result> = (isa: number, descriptor: Float64Array, ...operands: Operands) => Result

/** The same, which stays in the frame; the frame comes last. */
type KeptRun = (isa: number, descriptor: Float64Array, ...operandsAndFrame: [...Operands, number]) => Gone

/** What the addon exports; native/binding/addon.cc defines it. */
export type Addon = Frames &
  Settings & {
    /** The package's, or native/load.cjs refuses it. */
    readonly version: string
    /** The instruction sets that this CPU has, best first, 'scalar' last. */
    isas(): string[]
  } & { readonly [P in PassName]: Run<void> } & {
    readonly [P in PassName as `${P}Kept`]: KeptRun
  } & {
    /** Absent where the runtime does not let the addon keep an array's memory (native/binding/memory.cc). */
    readonly [P in PassName as `${P}Async`]?: Run<Promise<void>>
  }

interface Settings {
  threads(): number
  setThreads(threads: number): void
  setBytesPerThread(bytes: number): void
  adviseHugePages(array: FloatArray): void
  setCacheBytes(bytes: number): void
}

const loaded = load()

/** Null where none loaded. */
export const addon = loaded.addon as Addon | null
/** Its file, relative to the package; null where none loaded. */
export const binary: string | null = loaded.binary
/** Why files were passed over before it, or none loaded. */
export const loadErrors: readonly string[] = loaded.errors
