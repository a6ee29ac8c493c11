import type { DType, Layout, RunningAverage, RunningVariance } from '../src/index.js'

// A scenario as plain values: it can be printed, shrunk and run again. Its numbers are seeds; memory.ts makes the arrays.

/** The calls of a scenario. Call K of a run is step K % STEPS of scenario K / STEPS. */
export const STEPS = 10

/** Where the memory of an array comes from. */
export type Source = 'plain' | 'shared' | 'resizable' | 'growable'
export const SOURCES: readonly Source[] = ['plain', 'shared', 'resizable', 'growable']

/** What is wrong with a tensor, if anything. */
export type Fault =
  | 'none'
  | 'another shape'
  | 'short data'
  | 'another dtype'
  | 'detached'
  | 'no tensor'
  | 'a getter throws'
  | 'a getter calls forward'
  | 'a getter calls backward'
  | 'a getter calls release'
export const FAULTS: readonly Fault[] = [
  'none',
  'another shape',
  'short data',
  'another dtype',
  'detached',
  'no tensor',
  'a getter throws',
  'a getter calls forward',
  'a getter calls backward',
  'a getter calls release',
]

/** New data. */
export interface DataSpec {
  readonly source: Source
  /** Elements by which the array lies off its buffer's start, besides the guard. */
  readonly offset: number
  /** An index into FILLS (memory.ts). */
  readonly fill: number
  readonly seed: number
}

/** An input. `again`: the tensor that was passed last in this place, so that the call is cached. */
export interface InputSpec extends DataSpec {
  readonly from: 'new' | 'again' | 'a result'
  readonly fault: Fault
}

/** Where a result is written. `shifted`: over the input, some elements further on. */
export interface OutSpec extends DataSpec {
  readonly to:
    | 'nothing given'
    | 'new'
    | 'the input'
    | 'again'
    | 'shifted'
    | 'a clone of the input'
    | 'the weight'
  readonly fault: Fault
}

/** The layer of a scenario, and the shape of its inputs. */
export interface Subject {
  readonly norm: 'LayerNorm' | 'RMSNorm' | 'BatchNorm' | 'GroupNorm' | 'InstanceNorm'
  readonly dtype: DType
  readonly layout: Layout
  readonly weight: boolean
  readonly bias: boolean
  readonly eps: number | undefined
  readonly runningAverage: RunningAverage | false
  readonly runningVariance: RunningVariance
  /** The samples, or the dimensions before the normalized ones. */
  readonly outer: readonly number[]
  /** normalizedShape. */
  readonly normalized: readonly number[]
  /** The dimensions after the normalized ones (with `axis`), or space. */
  readonly inner: readonly number[]
  readonly groups: number
  readonly perGroup: number
  readonly workspace: 'none' | 'plain' | 'checked'
}

/** One of so many calls is made although what it needs is not there, or with a context of another norm. */
export const UNPREPARED = 8

/** How a layer's call is made. `pending`: it is not awaited. */
export type Mode = 'now' | 'awaited' | 'pending'

export type Step =
  | { readonly op: 'nothing' }
  | {
      readonly op: 'forward'
      readonly x: InputSpec
      readonly out: OutSpec
      readonly more: number
      readonly mode: Mode
    }
  | {
      readonly op: 'backward'
      readonly dy: InputSpec
      readonly out: OutSpec
      readonly context: number | null
      readonly mode: Mode
    }
  | { readonly op: 'function'; readonly x: InputSpec; readonly out: OutSpec; readonly parameters: Parameters }
  | {
      readonly op: 'gradients'
      readonly dy: InputSpec
      readonly out: OutSpec
      readonly context: number
      readonly into: 'nothing given' | 'new' | 'one array'
      readonly workspace: boolean
    }
  | { readonly op: 'moments'; readonly x: InputSpec; readonly about: 'mean' | 'zero' }
  | { readonly op: 'merge'; readonly parts: readonly number[] }
  | { readonly op: 'normalize'; readonly x: InputSpec; readonly out: OutSpec; readonly by: number }
  | {
      readonly op: 'pass'
      readonly pass: number
      readonly context: number
      readonly data: DataSpec
      /** The index of an operand that is wrong, and by how many elements. 0: it has another element type. */
      readonly wrong: { readonly operand: number; readonly by: number } | null
    }
  | { readonly op: 'context' }
  | { readonly op: 'train'; readonly on: boolean }
  | { readonly op: 'zeroGrad' }
  | { readonly op: 'stateDict' }
  | { readonly op: 'loadStateDict'; readonly dict: number; readonly change: DictChange }
  | { readonly op: 'release' }
  | { readonly op: 'keep'; readonly result: number }
  | { readonly op: 'clear' }
  | { readonly op: 'set weight'; readonly data: DataSpec }
  | { readonly op: 'lose'; readonly what: number }
  /**
   * Calls that are made one after another without a wait, and then all awaited. If `lose` is given, an array loses its
   * memory before that.
   */
  | { readonly op: 'burst'; readonly calls: readonly Step[]; readonly lose: number | null }
  | { readonly op: 'threads'; readonly setting: Setting }
  | {
      readonly op: 'construct'
      readonly options: Readonly<Record<string, unknown>>
      readonly extents: readonly unknown[]
    }

export type DictChange =
  | 'none'
  | 'through JSON'
  | 'missing'
  | 'unexpected'
  | 'not finite'
  | 'short'
  | 'negative variance'
export const DICT_CHANGES: readonly DictChange[] = [
  'none',
  'through JSON',
  'missing',
  'unexpected',
  'not finite',
  'short',
  'negative variance',
]

/** The arguments of a functional form, besides the input. */
export interface Parameters {
  readonly weight: DataSpec | null
  readonly bias: DataSpec | null
  readonly statistics: DataSpec | null
  readonly workspace: boolean
  /** A weight or bias of another length. */
  readonly longer: 'neither' | 'weight' | 'bias'
}

/** What sets how the passes are split up. It changes no bits. */
export interface Setting {
  readonly threads: number
  /** True: also the smallest call is split up over the threads. */
  readonly split: boolean
  /** True: also the smallest call takes the way of data that are larger than the cache. */
  readonly beyondCache: boolean
}

export interface Scenario {
  readonly subject: Subject
  readonly setting: Setting
  readonly steps: readonly Step[]
}
