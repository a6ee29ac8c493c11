import type * as tf from '@tensorflow/tfjs'
import { describe, fail } from '../errors.js'
import { checkOptions } from '../options.js'

type TfjsLayerArgs = NonNullable<ConstructorParameters<typeof tf.layers.Layer>[0]>

/** The options of every layer of tfjs: name, trainable, inputShape, batchInputShape, dtype, weights, ... */
export type LayerArgs = { [Name in keyof TfjsLayerArgs]?: TfjsLayerArgs[Name] | undefined }

/** An option of Keras that does not exist here. */
interface Foreign {
  /** The values, besides null, that change nothing. 'any' if no value changes anything here. */
  readonly neutral: readonly unknown[] | 'any'
  /** What the user can do instead of passing another value. */
  readonly remedy: string
}

/** The options of one layer class, in addition to those of every layer. */
export interface OptionTable {
  readonly own: readonly string[]
  readonly foreign?: Readonly<Record<string, Foreign>>
}

/** The names of LayerArgs. The type makes sure that none is missing. */
const OF_EVERY_LAYER: Readonly<Record<keyof LayerArgs, true>> = {
  name: true,
  trainable: true,
  inputShape: true,
  batchInputShape: true,
  batchSize: true,
  dtype: true,
  inputDType: true,
  weights: true,
}

/** Options that tfjs's deserialization adds to a configuration, or that Keras's base class writes into one. */
const FOREIGN_TO_EVERY_LAYER: Readonly<Record<string, Foreign>> = {
  customObjects: { neutral: 'any', remedy: '' },
  updatable: { neutral: 'any', remedy: '' },
  autocast: { neutral: 'any', remedy: '' },
  dynamic: { neutral: 'any', remedy: '' },
  sparse: { neutral: [false], remedy: 'give the layer dense tensors, and leave sparse out' },
  ragged: { neutral: [false], remedy: 'give the layer dense tensors, and leave ragged out' },
  activityRegularizer: {
    neutral: [],
    remedy: 'add the penalty to the loss, and leave activityRegularizer out',
  },
  quantizationConfig: { neutral: [], remedy: 'leave it out, which computes in float32' },
}

/** The names that the core, PyTorch and others use for these options. A better hint than the nearest spelling. */
const SYNONYMS: Readonly<Record<string, string>> = {
  eps: 'epsilon',
  decay: 'momentum',
  weight: 'scale',
  affine: 'scale',
  bias: 'center',
  shift: 'center',
  numGroups: 'groups',
  num_groups: 'groups',
  layout: 'axis',
  dataFormat: 'axis',
  data_format: 'axis',
  normalizedShape: 'axis',
  normalized_shape: 'axis',
}

/** The dtypes of input that these layers accept. They compute in float32. */
const INPUT_DTYPES: readonly unknown[] = ['float32', 'int32', 'bool']

/**
 * Checks the options of a layer, and returns those for tfjs's base class.
 * @throws EvenkeelError if there is no such option, or if an option of Keras's asks for something that the layer does not do.
 */
export function layerArgs(kind: string, args: object, { own, foreign }: OptionTable): TfjsLayerArgs {
  const name: unknown = (args as LayerArgs | null)?.name
  const who = typeof name === 'string' ? `${kind} '${name}'` : kind
  const foreigners = { ...FOREIGN_TO_EVERY_LAYER, ...foreign }
  const isForeign = (option: string) => Object.hasOwn(foreigners, option)
  const known = [...own, ...Object.keys(OF_EVERY_LAYER)]
  const isRecord = typeof args === 'object' && args !== null && !Array.isArray(args)
  for (const [option, value] of isRecord ? Object.entries(args) : []) {
    if (isForeign(option)) checkForeign(who, option, value, foreigners[option])
    else refuseSynonym(who, option, known)
  }
  const rest = isRecord ? without(args, isForeign) : args
  checkOptions(who, rest, known)
  const base = without(rest, (option) => !Object.hasOwn(OF_EVERY_LAYER, option))
  // The types of tfjs do not allow undefined here. Its code treats it as absent.
  return ('dtype' in base ? { ...base, dtype: inputDType(who, base.dtype) } : base) as TfjsLayerArgs
}

function without(args: object, left: (option: string) => boolean): LayerArgs {
  return Object.fromEntries(Object.entries(args).filter(([option]) => !left(option)))
}

function checkForeign(who: string, option: string, value: unknown, { neutral, remedy }: Foreign): void {
  if (value === null || value === undefined || neutral === 'any' || neutral.includes(value)) return
  fail(
    'EVENKEEL_OPTION',
    who,
    `${option}: ${describe(value)} asks for something that this layer does not do`,
    remedy,
  )
}

function refuseSynonym(who: string, option: string, known: readonly string[]): void {
  const meant = Object.hasOwn(SYNONYMS, option) ? SYNONYMS[option] : undefined
  if (meant === undefined || !known.includes(meant)) return
  fail(
    'EVENKEEL_OPTION',
    who,
    `there is no option ${option}`,
    `try ${meant}; the options are ${known.join(', ')}`,
  )
}

/** The dtype of the input, by its name. Keras 3 writes an object, the dtype policy of the layer. */
function inputDType(who: string, dtype: unknown): LayerArgs['dtype'] {
  const policy = (dtype as { config?: { name?: unknown } } | null | undefined)?.config
  const name = policy === undefined ? dtype : policy.name
  if (name === null || name === undefined || INPUT_DTYPES.includes(name)) return name as LayerArgs['dtype']
  return fail(
    'EVENKEEL_OPTION',
    who,
    `dtype must be 'float32', 'int32' or 'bool', the input's, got ${describe(name)}`,
    "use dtype: 'float32', in which this layer computes, or leave it out",
  )
}

/** Translates the names in a configuration that Keras wrote in Python: gamma_initializer -> gammaInitializer. */
export function camelCasedNames(config: unknown): unknown {
  if (Array.isArray(config)) return config.map(camelCasedNames)
  if (Object.getPrototypeOf(config ?? 0) !== Object.prototype) return config
  return Object.fromEntries(
    Object.entries(config as object).map(([name, value]) => [camelCase(name), camelCasedNames(value)]),
  )
}

export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
