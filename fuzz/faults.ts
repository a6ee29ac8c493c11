import type { FloatArray, Layer, Tensor } from '../src/index.js'
import { lengthOf } from '../src/tensor.js'
import type { Argument } from './argument.js'
import { typeOf } from './memory.js'
import type { DataSpec, Fault } from './scenario.js'

/** What a getter of the caller's throws. */
export class GetterError extends Error {
  readonly code = 'the getter'
}

const NO_TENSORS: readonly unknown[] = [null, 5, {}, [1, 2], 'x', { data: [1], shape: [1] }]

/** What a fault needs of a side. */
interface Surroundings {
  readonly layer: Layer
  array(name: string, spec: DataSpec, length: number): FloatArray
  addResult(result: Tensor): void
  release(): void
  lose(array: FloatArray): boolean
}

/** A tensor as the spec says: as it is, or with something wrong with it. */
export function withFault(
  side: Surroundings,
  name: string,
  spec: DataSpec & { readonly fault: Fault },
  given: Tensor,
): Argument {
  const { fault, seed } = spec
  const { data, shape } = given
  const size = lengthOf(data)
  const good = { tensor: given, plain: given, array: size > 0 ? data : null, bad: false, calls: false }
  const bad = (tensor: unknown): Argument => ({ ...good, tensor: tensor as Tensor, array: null, bad: true })
  const getter = (act: () => void): Tensor =>
    Object.defineProperty({ data, shape }, seed % 2 === 0 ? 'data' : 'shape', {
      get: () => {
        act()
        return seed % 2 === 0 ? data : shape
      },
    })
  const calling = (act: () => void): Argument => ({ ...good, tensor: getter(act), calls: true })
  const { layer } = side
  // Without elements, most faults are none.
  if (fault === 'none' || size === 0) return good
  if (fault === 'no tensor') return bad(NO_TENSORS[seed % NO_TENSORS.length])
  if (fault === 'short data') return bad({ data: data.subarray(1), shape })
  if (fault === 'another shape') return bad({ data, shape: shape.map((n, i) => (i === 0 ? n + 1 : n)) })
  if (fault === 'another dtype') return { ...bad({ data: otherType(data), shape }), bad: name === 'dy' }
  if (fault === 'detached') {
    const array = side.array(`a detached ${name}`, spec, size)
    return side.lose(array) ? bad({ data: array, shape }) : good
  }
  if (fault === 'a getter throws') {
    return bad(
      getter(() => {
        throw new GetterError()
      }),
    )
  }
  if (fault === 'a getter calls release') return calling(() => side.release())
  // The array of the inner call is one of the scenario's, so that both may use the same buffers.
  if (fault === 'a getter calls forward') return calling(() => side.addResult(layer.forward({ data, shape })))
  return calling(() => side.addResult(layer.backward({ data, shape })))
}

function otherType(data: FloatArray): FloatArray {
  return new (typeOf(data instanceof Float64Array ? 'float32' : 'float64'))(
    new ArrayBuffer(8 * data.length),
    0,
    data.length,
  )
}
