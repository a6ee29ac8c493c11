import { geometryOf } from '../data/geometry.js'
import type { StandardizerOptions } from '../data/standardizer-options.js'
import { describe, fail } from '../errors.js'
import { version } from '../version.js'
import { type Input, type InputOptions, inputDifference, openInputs } from './inputs.js'
import { nameOf, rangeOf, type Shard } from './shard.js'

/** How the statistics are computed, and how the inputs are read. */
export interface FitSettings extends Omit<StandardizerOptions, 'firstChunk'>, InputOptions {}

/** What a fit is of. Two runs with the same plan compute the same numbers. */
export interface FitPlan {
  readonly evenkeel: string
  readonly options: FitSettings
  readonly inputs: readonly Input[]
  readonly shard: Shard | null
}

/** A part of the work that is finished as a whole: the chunks of one input from `from` to `to`. */
export interface Piece {
  /** The number of the input. */
  readonly input: number
  readonly from: number
  readonly to: number
}

/**
 * After so many chunks of a file a piece ends. It begins at a multiple of it, so that its chunks merge to one node. They
 * are 256 MB of float32, which is what a killed process does again at most.
 */
const PIECE_CHUNKS = 64

/** Opens the inputs, and takes the options that are given. */
export async function planFit(
  paths: readonly string[],
  options: FitSettings,
  shard: Shard | null,
): Promise<FitPlan> {
  // As JSON.parse() will read it: without undefined.
  const given = JSON.parse(JSON.stringify(options)) as FitSettings
  const inputs = await openInputs(paths, options)
  if (inputs.every(({ units }) => units === 0))
    fail('EVENKEEL_FILE', paths[0] ?? 'the inputs', 'there are no rows to learn from', 'give files with rows')
  checkShapes(inputs, options)
  return { evenkeel: version, options: given, inputs, shard }
}

/** Throws if the headers of two inputs tell that they have not the same number of features. */
function checkShapes(inputs: readonly Input[], { axis = -1 }: FitSettings): void {
  let first: { path: string; features: number } | undefined
  for (const { path, rowShape } of inputs) {
    if (rowShape === null) continue
    // The number of rows does not matter here.
    const { features } = geometryOf(path, [0, ...rowShape], axis)
    first ??= { path, features }
    if (features !== first.features) refuseFeatures(path, features, first.path, first.features)
  }
}

export function refuseFeatures(path: string, features: number, other: string, wanted: number): never {
  fail(
    'EVENKEEL_SHAPE',
    path,
    `it has ${features} features, and ${other} has ${wanted}`,
    'give files with the same features, or set axis to their dimension',
  )
}

/** The pieces of a shard, in the order of its inputs. */
export function piecesOf({ inputs, shard }: FitPlan): Piece[] {
  const total = inputs.reduce((sum, { units }) => sum + units, 0)
  const range = rangeOf(shard, total)
  const pieces: Piece[] = []
  let before = 0
  for (const [input, { units }] of inputs.entries()) {
    const end = Math.min(units, range.to - before)
    for (let from = Math.max(0, range.from - before); from < end; ) {
      const to = Math.min(end, (Math.floor(from / PIECE_CHUNKS) + 1) * PIECE_CHUNKS)
      pieces.push({ input, from, to })
      from = to
    }
    before += units
  }
  return pieces
}

/** How two plans differ, for messages. Null if they are the same. The shard is compared only if `shards` is true. */
export function planDifference(before: FitPlan, now: FitPlan, shards: boolean): string | null {
  if (!(before?.options instanceof Object && Array.isArray(before.inputs))) return 'it has no plan'
  if (before.evenkeel !== now.evenkeel)
    return `it was made by evenkeel ${before.evenkeel}, and this is ${now.evenkeel}`
  const options = optionDifference(before.options, now.options)
  if (options !== null) return options
  const [was, is] = [before.shard, now.shard]
  if (was?.count !== is?.count || (shards && was?.index !== is?.index))
    return `it is of ${nameOf(was)}, and this is ${nameOf(is)}`
  const earlier = new Map(before.inputs.map((input) => [input.path, input]))
  for (const input of now.inputs) {
    const other = earlier.get(input.path)
    if (other === undefined) return `the input ${input.path} is new`
    const difference = inputDifference(other, input)
    if (difference !== null) return `the input ${input.path} is another: ${difference}`
    earlier.delete(input.path)
  }
  const [gone] = earlier.keys()
  return gone === undefined ? null : `the input ${gone} is not there any more`
}

/** The first option in which two sets of options differ, for messages. Null if there is none. */
export function optionDifference(before: object, now: object): string | null {
  const values = [before, now] as readonly Readonly<Record<string, unknown>>[]
  const [was, is] = values
  const names = new Set(values.flatMap(Object.keys))
  for (const name of names) {
    if (JSON.stringify(was[name]) === JSON.stringify(is[name])) continue
    const shown = (value: unknown) => (value === undefined ? 'not given' : describe(value))
    return `the option ${name} was ${shown(was[name])}, and is ${shown(is[name])}`
  }
  return null
}
