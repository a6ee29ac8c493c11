import { Standardizer } from '../data/standardizer.js'
import { checkEps } from '../engine/plan.js'
import { describe, fail } from '../errors.js'
import { checkBoolean, checkChoice, checkCount } from '../options.js'
import { checkText } from './arguments.js'
import { normalizeRows, type Operation, ROW_NORMS, type RowNorm, standardize } from './operation.js'
import { readSaved } from './saved.js'
import { applyLayer, TRAINED_NORMS, type TrainedNorm } from './trained-layer.js'

/** What apply() does to the rows: `statistics`, `layer`, or `norm` without a layer. */
export interface OperationOptions {
  /** Scale by these: the file that fit wrote, or a Standardizer. */
  readonly statistics?: string | Standardizer | undefined
  /** With statistics: undo the scaling. Default false. */
  readonly inverse?: boolean | undefined
  /** Apply a trained layer: the file of a state dict, as safetensors or JSON. */
  readonly layer?: string | undefined
  /** With layer: what stands before the layer's names in the state dict of a model, such as 'layer1.0.bn1.'. */
  readonly prefix?: string | undefined
  /** With layer: the number of groups of a group norm. */
  readonly groups?: number | undefined
  /**
   * 'layer', 'rms' or 'l2': normalize each row by itself. With layer: what it is ('batch', 'layer', 'rms', 'group' or
   * 'instance'). Default: batch if it has running statistics, group if there are groups, and layer otherwise.
   */
  readonly norm?: RowNorm | TrainedNorm | undefined
  /** With layer or norm: what is added to the variance. Default: that of the norm in PyTorch. */
  readonly eps?: number | undefined
  /** With layer or norm: the dimension of the channels or features. Default -1. */
  readonly axis?: number | undefined
}

/**
 * What is wrong with options that have a meaning only beside others, as a problem and a remedy with the options' names in
 * braces. Null if nothing is.
 */
export function misuse(options: OperationOptions): readonly [problem: string, remedy: string] | null {
  const { statistics, inverse, layer, prefix, groups, norm, eps, axis } = options
  const scales = layer === undefined && norm === undefined
  const rows: readonly (readonly [wrong: boolean, problem: string, remedy: string])[] = [
    [
      statistics === undefined && scales,
      'there is nothing to apply',
      'give the statistics of fit, or {norm}, or {layer}',
    ],
    [
      statistics !== undefined && !scales,
      `the statistics of fit and {${layer === undefined ? 'norm' : 'layer'}} are two operations`,
      'give one of the two, and apply the other to the outputs',
    ],
    [scales && axis !== undefined, '{axis} is that of the statistics', 'give it to fit'],
    [scales && eps !== undefined, '{eps} is of {norm} and {layer}', 'leave it out'],
    [!scales && inverse === true, '{inverse} is of statistics alone', 'leave it out'],
    [
      layer === undefined && (prefix !== undefined || groups !== undefined),
      '{prefix} and {groups} are of {layer}',
      'leave them out, or give the file of the layer',
    ],
    [
      layer === undefined && norm !== undefined && !isRowNorm(norm),
      `{norm} ${norm} needs a trained layer`,
      `give the file of {layer}, or one of ${ROW_NORMS.join(', ')}`,
    ],
    [norm === 'l2' && eps !== undefined, '{norm} l2 has no {eps}', 'leave it out'],
    [layer !== undefined && norm === 'l2', '{norm} l2 has no trained layer', 'leave out one of the two'],
  ]
  const found = rows.find(([wrong]) => wrong)
  return found === undefined ? null : [found[1], found[2]]
}

function isRowNorm(norm: string): norm is RowNorm {
  return (ROW_NORMS as readonly string[]).includes(norm)
}

/** Checks the options of a function. @throws EvenkeelError (EVENKEEL_OPTION). */
export function checkOperation(who: string, options: OperationOptions): void {
  const { statistics, inverse, layer, prefix, groups, norm, eps, axis } = options
  if (statistics !== undefined && !isStandardizer(statistics))
    checkText(who, 'statistics', 'a path or a Standardizer', statistics, 'stats.json')
  if (inverse !== undefined) checkBoolean(who, 'inverse', inverse)
  if (layer !== undefined) checkText(who, 'layer', 'a path', layer, 'model.safetensors')
  if (prefix !== undefined) checkText(who, 'prefix', 'a text', prefix, 'layer1.0.bn1.')
  if (groups !== undefined) checkCount(who, 'groups', groups)
  if (norm !== undefined) checkChoice(who, 'norm', norm, [...new Set([...ROW_NORMS, ...TRAINED_NORMS])])
  if (eps !== undefined) checkEps(who, eps)
  if (axis !== undefined && !(Number.isSafeInteger(axis) && axis !== 0))
    fail(
      'EVENKEEL_OPTION',
      who,
      `axis must be a whole number other than 0, got ${describe(axis)}`,
      'give the dimension of the features, such as -1 for the last one; dimension 0 has the rows',
    )
  const wrong = misuse(options)
  if (wrong === null) return
  const [problem, remedy] = wrong.map((text) => text.replace(/[{}]/g, ''))
  fail('EVENKEEL_OPTION', who, problem, remedy)
}

/** Makes the operation of options in which misuse() finds nothing. */
export async function operationOf(options: OperationOptions): Promise<Operation> {
  const { statistics, inverse = false, layer: file, norm, prefix, groups, eps, axis } = options
  if (file !== undefined)
    return applyLayer({ file, prefix, groups, eps, axis, norm: norm as TrainedNorm | undefined })
  if (norm !== undefined) return normalizeRows(norm as RowNorm, axis ?? -1, eps)
  if (!isStandardizer(statistics)) return standardize(await readSaved(statistics as string), inverse)
  // A copy, because the caller may go on to fit it.
  const standardizer = Standardizer.fromJSON(statistics.toJSON())
  return standardize({ standardizer, names: null }, inverse)
}

/** Also one of the other build of the package: ES modules and CommonJS have a class each. */
function isStandardizer(value: unknown): value is Standardizer {
  return typeof (value as Standardizer | null | undefined)?.partialFit === 'function'
}
