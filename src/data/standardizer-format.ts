import { describe, fail } from '../errors.js'
import { numbersOf, textsOf } from '../json-numbers.js'
import { typedArrayKind } from '../tensor.js'
import { type FeatureStatistics, STATISTICS } from './feature-statistics.js'
import { isPlace, type Node } from './ordered-fold.js'
import { decodeSafetensors, encodeSafetensors } from './safetensors.js'
import { type StandardizerOptions, settingsOf } from './standardizer-options.js'

// The two formats of a Standardizer: JSON and safetensors. Both keep each number exactly.

/** What is saved of a Standardizer. */
export interface Saved {
  readonly options: Omit<StandardizerOptions, 'firstChunk'>
  readonly features: number
  /** What its chunks were merged to (ordered-fold.ts). */
  readonly nodes: readonly Node<FeatureStatistics>[]
  /** All nodes merged. It is written for other readers, and is not read. */
  readonly summary?: FeatureStatistics
}

type StatisticsJSON = { readonly [Name in keyof FeatureStatistics]: readonly (number | string)[] }

/** A Standardizer as JSON. NaN and Infinity are strings, because JSON does not have them. */
export interface StandardizerJSON {
  readonly format: 'evenkeel.Standardizer'
  readonly version: 1
  readonly options: Saved['options']
  readonly features: number
  /** All rows together. It is written for other readers, and is not read. */
  readonly summary: StatisticsJSON
  /** What the chunks were merged to: `length` chunks from `first` on. */
  readonly nodes: readonly ({ readonly first: number; readonly length: number } & StatisticsJSON)[]
}

const FORMAT = 'evenkeel.Standardizer'
const VERSION = 1
const WHO = 'Standardizer.fromJSON'

function statisticsJSON(statistics: FeatureStatistics): StatisticsJSON {
  return Object.fromEntries(
    STATISTICS.map((name) => [name, textsOf(statistics[name])]),
  ) as unknown as StatisticsJSON
}

export function encodeJSON({ options, features, nodes, summary }: Saved): StandardizerJSON {
  return {
    format: FORMAT,
    version: VERSION,
    options,
    features,
    summary: statisticsJSON(summary as FeatureStatistics),
    nodes: nodes.map(({ first, length, value }) => ({ first, length, ...statisticsJSON(value) })),
  }
}

export function decodeJSON(json: unknown): Saved {
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Partial<StandardizerJSON>
  if (fields.format !== FORMAT)
    refuse(`needs what toJSON() returns, got ${describe(json)}`, 'pass the value, read back by JSON.parse()')
  if (fields.version !== VERSION)
    refuse(
      `this is of version ${describe(fields.version)}, known is ${VERSION}`,
      'read it with the evenkeel that wrote it, or a newer one',
    )
  const { options, features, nodes } = fields
  settingsOf(WHO, options as StandardizerOptions)
  checkFeatures(features)
  if (!Array.isArray(nodes))
    refuse(`nodes must be a list, got ${describe(nodes)}`, 'pass what toJSON() returned')
  return {
    options: options as Saved['options'],
    features,
    nodes: nodes.map((node) => nodeOf(node, features)),
  }
}

function checkFeatures(features: unknown): asserts features is number {
  if (Number.isSafeInteger(features) && (features as number) >= 0) return
  refuse(`features must be a whole number, got ${describe(features)}`, 'pass what toJSON() returned')
}

/** Reads one node. Throws unless it is sound. */
function nodeOf(node: unknown, features: number): Node<FeatureStatistics> {
  const { first, length, ...json } = (node ?? {}) as Partial<StandardizerJSON['nodes'][number]>
  const value = statisticsFrom(json, features)
  return soundNode({ first: first as number, length: length as number, value })
}

function soundNode(node: Node<FeatureStatistics>): Node<FeatureStatistics> {
  const { first, length, value } = node
  if (!isPlace(first, length))
    refuse(`there are no chunks ${describe(first)}, ${describe(length)} of them`, 'fit it again')
  for (let f = 0; f < value.count.length; f++) {
    const { count, m2, missing } = value
    if (count[f] >= 0 && m2[f] >= 0 && missing[f] >= 0 && Number.isFinite(value.mean[f])) continue
    refuse(
      `feature ${f} has a count of ${count[f]}, an m2 of ${m2[f]} and a mean of ${value.mean[f]}, which no rows have`,
      'fit it again',
    )
  }
  return node
}

function statisticsFrom(json: object, features: number): FeatureStatistics {
  const fields = json as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    STATISTICS.map((name) => {
      const list = numbersOf(WHO, name, fields[name])
      if (list.length !== features)
        refuse(`${name} must have ${features} numbers, got ${list.length}`, 'pass what toJSON() returned')
      return [name, list]
    }),
  ) as unknown as FeatureStatistics
}

/** For other programs: [features] of float64 each. */
export type Derived = Readonly<Record<string, Float64Array>>

/** The tensors of the nodes are [nodes, features], and those of `derived` and the summary [features]. */
export function encodeBytes({ options, features, nodes, summary }: Saved, derived: Derived): Uint8Array {
  const tensors: Record<string, { shape: readonly number[]; data: Float64Array }> = {}
  const add = (name: string, data: Float64Array, shape: readonly number[]) => {
    tensors[name] = { shape, data }
  }
  for (const [name, list] of Object.entries({ ...summary, ...derived })) add(name, list, [features])
  add(
    'nodes.first',
    Float64Array.from(nodes, ({ first }) => first),
    [nodes.length],
  )
  add(
    'nodes.length',
    Float64Array.from(nodes, ({ length }) => length),
    [nodes.length],
  )
  for (const name of STATISTICS) {
    const all = new Float64Array(nodes.length * features)
    for (const [i, { value }] of nodes.entries()) all.set(value[name], i * features)
    add(`nodes.${name}`, all, [nodes.length, features])
  }
  return encodeSafetensors(tensors, {
    format: FORMAT,
    version: String(VERSION),
    features: String(features),
    options: JSON.stringify(options),
  })
}

export function decodeBytes(bytes: Uint8Array): Saved {
  const who = 'Standardizer.fromBytes'
  if (typedArrayKind(bytes) !== 'Uint8Array')
    fail('EVENKEEL_BUFFER', who, `needs a Uint8Array, got ${describe(bytes)}`, 'pass what toBytes() returned')
  const { tensors, metadata } = decodeSafetensors(who, bytes)
  const wrong = (problem: string): never =>
    fail('EVENKEEL_BUFFER', who, problem, 'pass what toBytes() returned, whole')
  if (metadata.format !== FORMAT) wrong('these bytes are no Standardizer')
  if (metadata.version !== String(VERSION))
    wrong(`these bytes are of version ${describe(metadata.version)}, known is ${VERSION}`)
  const features = Number(metadata.features)
  checkFeatures(features)
  const list = (name: string, length: number): Float64Array => {
    const data = tensors.get(`nodes.${name}`)?.data
    if (data instanceof Float64Array && data.length === length) return data
    return wrong(`the tensor nodes.${name} must have ${length} float64`)
  }
  const count = tensors.get('nodes.first')?.data.length ?? wrong('there is no tensor nodes.first')
  const first = list('first', count)
  const length = list('length', count)
  const table = STATISTICS.map((name) => [name, list(name, count * features)] as const)
  const options = parsed(metadata.options) ?? wrong('its options are no JSON')
  settingsOf(who, options)
  const nodes = Array.from(first, (begin, i) =>
    soundNode({
      first: begin,
      length: length[i],
      value: Object.fromEntries(
        table.map(([name, all]) => [name, all.slice(i * features, (i + 1) * features)]),
      ) as unknown as FeatureStatistics,
    }),
  )
  return { options, features, nodes }
}

function parsed(text: string | undefined) {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}

function refuse(problem: string, remedy: string): never {
  fail('EVENKEEL_OPTION', WHO, problem, remedy)
}
