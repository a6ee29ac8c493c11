import type {
  Context,
  DType,
  FloatArray,
  Layer,
  Moments,
  StateDict,
  Tensor,
  Workspace,
} from '../src/index.js'
import { lengthOf } from '../src/tensor.js'
import type { Argument } from './argument.js'
import { withFault } from './faults.js'
import type { Library } from './libraries.js'
import { cloneOf, lose, Memory, shifted } from './memory.js'
import type { DataSpec, InputSpec, OutSpec, Subject } from './scenario.js'
import { affineShapeOf, axisOf, channelsOf, isOfRows, sizeOf } from './shapes.js'

/** One library with all that a scenario has made of it so far. The two sides of a scenario have the same. */
export class Side {
  readonly memory = new Memory()
  readonly workspace: Workspace
  readonly layer: Layer
  readonly contexts: Context[] = []
  /** Those of the layer. */
  readonly ownContexts: Context[] = []
  readonly results: Tensor[] = []
  /** The results before the last release: the workspace may give their memory to the next call. */
  released: readonly Tensor[] = []
  readonly moments: Moments[] = []
  readonly dicts: StateDict[] = []
  readonly #last = new Map<string, Tensor>()

  constructor(
    readonly library: Library,
    readonly subject: Subject,
  ) {
    const { evenkeel } = library
    this.workspace = evenkeel.workspace({ check: subject.workspace === 'checked' })
    this.layer = layerOf(evenkeel, subject, subject.workspace === 'none' ? undefined : this.workspace)
    const { weight, bias, runningMean, runningVariance } = this.layer
    const own = {
      weight,
      bias,
      'weight.grad': weight?.grad,
      'bias.grad': bias?.grad,
      runningMean,
      runningVariance,
    }
    for (const [name, tensor] of Object.entries(own)) this.memory.watch(name, tensor?.data ?? null)
  }

  /** An array of the caller. */
  array(name: string, spec: DataSpec, length: number, dtype: DType = this.subject.dtype): FloatArray {
    return this.memory.make(name, spec, dtype, length, channelsOf(this.subject))
  }

  /** x or dy. */
  input(name: string, spec: InputSpec, shape: readonly number[], dtype = this.subject.dtype): Argument {
    return withFault(this, name, spec, this.#known(name, spec, shape) ?? this.#new(name, spec, shape, dtype))
  }

  /** Where the result is written. Null if nothing is given. `weight`: the weight that the call reads. */
  out(
    spec: OutSpec,
    input: Argument,
    shape: readonly number[],
    weight: FloatArray | null | undefined,
    dtype = this.subject.dtype,
  ): Argument | null {
    if (spec.to === 'nothing given' && spec.fault === 'none') return null
    const over = input.array === null ? null : this.#over(spec, input.array, weight)
    const again = spec.to === 'again' ? this.#again('out', shape) : null
    const given = over === null ? (again ?? this.#new('out', spec, shape, dtype)) : { data: over.data, shape }
    this.#last.set('out', given)
    const argument = withFault(this, 'out', spec, given)
    return { ...argument, bad: argument.bad || (over?.bad ?? false) }
  }

  /** All that counts, besides arrays. */
  counters(): string {
    const { training, batchesTracked, hasStatistics } = this.layer
    const inputs = this.contexts.map(({ x }) => (x === null ? '-' : 'x')).join('')
    return JSON.stringify({ training, batchesTracked, hasStatistics, bytes: this.workspace.bytes, inputs })
  }

  release(): void {
    this.workspace.release()
    this.released = [...this.results]
  }

  addResult(result: Tensor): void {
    this.memory.watch('a result', result.data)
    this.results.push(result)
  }

  addContext(context: Context): void {
    this.memory.watch("a context's mean", context.mean)
    this.memory.watch("a context's variance", context.variance)
    this.contexts.push(context)
  }

  /** Takes away the memory of one array, of all that can lose it. */
  loseOne(index: number): void {
    const { weight, bias, runningMean, runningVariance } = this.layer
    const own = [weight, bias, weight?.grad, bias?.grad, runningMean, runningVariance].map(
      (each) => each?.data,
    )
    const others = [...this.#last.values(), ...this.results].map(({ data }) => data)
    const statistics = this.contexts.flatMap(({ mean, variance }) => [mean, variance])
    const arrays = [...others, ...own, ...statistics].filter(
      (array) => array && lengthOf(array) > 0,
    ) as FloatArray[]
    const array = arrays[index % arrays.length]
    if (array !== undefined) this.lose(array)
  }

  /** Takes away the memory of an array. False if it is shared, and stays. */
  lose(array: FloatArray): boolean {
    const lost = lose(array)
    this.memory.accept()
    return lost
  }

  #known(name: string, { from }: InputSpec, shape: readonly number[]): Tensor | null {
    if (from === 'again') return this.#again(name, shape)
    const result = from === 'a result' ? this.results.at(-1) : undefined
    return result !== undefined && isSame(result.shape, shape) ? result : null
  }

  #again(name: string, shape: readonly number[]): Tensor | null {
    const last = this.#last.get(name)
    return last !== undefined && isSame(last.shape, shape) ? last : null
  }

  #new(name: string, spec: DataSpec, shape: readonly number[], dtype: DType): Tensor {
    const tensor = { data: this.array(name, spec, sizeOf(shape), dtype), shape }
    this.#last.set(name, tensor)
    return tensor
  }

  /** An array over memory of another argument, and whether it must be refused. Null if the spec asks for none. */
  #over(
    { to, seed }: OutSpec,
    input: FloatArray,
    weight: FloatArray | null | undefined,
  ): { data: FloatArray; bad: boolean } | null {
    if (to === 'the input') return { data: input, bad: false }
    if (to === 'a clone of the input') {
      const data = cloneOf(input)
      this.memory.alias(data, input)
      return { data, bad: false }
    }
    if (to === 'shifted') {
      const by = 1 + (seed % 3)
      return { data: shifted(input, by), bad: lengthOf(input) > by }
    }
    return to === 'the weight' && weight && lengthOf(weight) === lengthOf(input)
      ? { data: weight, bad: true }
      : null
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((n, i) => n === b[i])
}

function layerOf(evenkeel: Library['evenkeel'], subject: Subject, workspace: Workspace | undefined): Layer {
  const { norm, dtype, layout, weight, bias, eps, runningAverage, runningVariance } = subject
  const common = { dtype, weight, bias, eps, workspace }
  const channels = channelsOf(subject)
  if (norm === 'RMSNorm')
    return new evenkeel.RMSNorm(affineShapeOf(subject), { ...common, axis: axisOf(subject) })
  if (isOfRows(subject)) {
    const options = { ...common, axis: axisOf(subject), runningAverage }
    return new evenkeel.LayerNorm(affineShapeOf(subject), options)
  }
  if (norm === 'GroupNorm') return new evenkeel.GroupNorm(subject.groups, channels, { ...common, layout })
  const running = { ...common, layout, runningAverage, runningVariance }
  return norm === 'BatchNorm'
    ? new evenkeel.BatchNorm(channels, running)
    : new evenkeel.InstanceNorm(channels, running)
}
