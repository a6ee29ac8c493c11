/**
 * What tfjs's WebAssembly backend lacks for training, registered as kernels, so that plain tf.layers train on it:
 *
 * - BatchMatMul with transposed operands, which every gradient of a matrix product needs: 0.5 to 2 GFLOP/s there,
 *   against 20 for plain ones. Transposing first is cheap.
 * - Conv2DBackpropFilter, which is missing, and Conv2DBackpropInput, which is slow (1.6 GFLOP/s): both become one
 *   matrix product with the patches that the filter saw.
 *
 * All here is channels last, which is how the backend convolves.
 */
import * as tf from '@tensorflow/tfjs'
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm'
import { fail } from '../../src/errors.js'

type Kernel = (call: { inputs: object; attrs: object; backend: BackendWasm }) => tf.TensorInfo
type Geometry = tf.backend_util.Conv2DInfo

interface ConvolutionAttributes {
  strides: number | [number, number]
  pad: 'valid' | 'same' | number
  dataFormat: string
  dimRoundingMode?: 'floor' | 'round' | 'ceil'
}

let registered = false

/** Makes wasm tfjs's backend, with the kernels above. */
export async function useWasm(): Promise<void> {
  await import('@tensorflow/tfjs-backend-wasm')
  await tf.setBackend('wasm')
  if (registered) return
  registered = true
  const multiply = builtIn('BatchMatMul')
  const product: Kernel = ({ inputs, attrs, backend }) => {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo }
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean }
    const left = transposeA ? transpose(a, backend) : a
    const right = transposeB ? transpose(b, backend) : b
    const plain = { transposeA: false, transposeB: false }
    const result = multiply({ inputs: { a: left, b: right }, attrs: plain, backend })
    if (transposeA) backend.disposeData(left.dataId)
    if (transposeB) backend.disposeData(right.dataId)
    return result
  }
  replace('BatchMatMul', product)
  replace('Conv2DBackpropFilter', filterGradient(product))
  replace('Conv2DBackpropInput', inputGradient(product))
}

function builtIn(kernelName: string): Kernel {
  return tf.getKernel(kernelName, 'wasm').kernelFunc as unknown as Kernel
}

function replace(kernelName: string, kernel: Kernel): void {
  if (tf.getKernel(kernelName, 'wasm')) tf.unregisterKernel(kernelName, 'wasm')
  tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc: kernel as unknown as tf.KernelFunc })
}

/** With the last two dimensions exchanged. */
function transpose(x: tf.TensorInfo, backend: BackendWasm): tf.TensorInfo {
  const rank = x.shape.length
  const perm = x.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i))
  return builtIn('Transpose')({ inputs: { x }, attrs: { perm }, backend })
}

/** dw[k, c] = the sum over m of patches[m, k] dy[m, c]. */
function filterGradient(product: Kernel): Kernel {
  return ({ inputs, attrs, backend }) => {
    const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo }
    const { filterShape } = attrs as { filterShape: [number, number, number, number] }
    const geometry = geometryOf(x.shape, filterShape, attrs as ConvolutionAttributes)
    const [rows, length] = patchShape(geometry)
    const patches = backend.makeOutput([rows, length], 'float32')
    // Views of the heap: taken after the last allocation, which may move it.
    gatherPatches(view(x, backend), view(patches, backend), geometry)
    const flat = { ...dy, shape: [rows, geometry.outChannels] }
    const gradient = product({
      inputs: { a: patches, b: flat },
      attrs: { transposeA: true, transposeB: false },
      backend,
    })
    backend.disposeData(patches.dataId)
    return { ...gradient, shape: filterShape }
  }
}

/** dpatches[m, k] = the sum over c of dy[m, c] w[k, c]; each is added to the input element that it was read from. */
function inputGradient(product: Kernel): Kernel {
  return ({ inputs, attrs, backend }) => {
    const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo }
    const { inputShape } = attrs as { inputShape: [number, number, number, number] }
    const geometry = geometryOf(inputShape, filter.shape as never, attrs as ConvolutionAttributes)
    const [rows, length] = patchShape(geometry)
    const dpatches = product({
      inputs: {
        a: { ...dy, shape: [rows, geometry.outChannels] },
        b: { ...filter, shape: [length, geometry.outChannels] },
      },
      attrs: { transposeA: false, transposeB: true },
      backend,
    })
    const dx = backend.makeOutput(inputShape, 'float32')
    scatterPatches(view(dpatches, backend), view(dx, backend), geometry)
    backend.disposeData(dpatches.dataId)
    return dx
  }
}

function view(x: tf.TensorInfo, backend: BackendWasm): Float32Array {
  return backend.typedArrayFromHeap(x) as Float32Array
}

function geometryOf(
  inputShape: readonly number[],
  filterShape: [number, number, number, number],
  { strides, pad, dataFormat, dimRoundingMode }: ConvolutionAttributes,
): Geometry {
  if (dataFormat !== 'NHWC') {
    fail('EVENKEEL_OPTION', 'convolution', `data format must be NHWC, got ${dataFormat}`, 'use channels last')
  }
  const shape = [...inputShape] as [number, number, number, number]
  return tf.backend_util.computeConv2DInfo(shape, filterShape, strides, 1, pad, dimRoundingMode)
}

/** A row per output position; in it what the filter saw there: [filter height, filter width, input channels]. */
function patchShape(g: Geometry): [rows: number, length: number] {
  return [g.batchSize * g.outHeight * g.outWidth, g.filterHeight * g.filterWidth * g.inChannels]
}

/** patches[m, k] = the input element that tap k reads at output position m; 0 in the padding. */
function gatherPatches(x: Float32Array, patches: Float32Array, g: Geometry): void {
  patches.fill(0)
  forEachRun(g, (input, patch, length) => {
    for (let i = 0; i < length; i++) patches[patch + i] = x[input + i]
  })
}

/** The transpose of gatherPatches: dx[i] = the sum of all dpatches that were read from i. */
function scatterPatches(dpatches: Float32Array, dx: Float32Array, g: Geometry): void {
  dx.fill(0)
  forEachRun(g, (input, patch, length) => {
    for (let i = 0; i < length; i++) dx[input + i] += dpatches[patch + i]
  })
}

/** Calls with where each row of the filter lies in the input and in the patches; without what is padding. */
function forEachRun(g: Geometry, visit: (input: number, patch: number, length: number) => void): void {
  const { inHeight, inWidth, inChannels, filterWidth } = g
  let patch = 0
  for (let n = 0; n < g.batchSize; n++) {
    for (let oy = 0; oy < g.outHeight; oy++) {
      for (let ox = 0; ox < g.outWidth; ox++) {
        const x = ox * g.strideWidth - g.padInfo.left
        const first = Math.max(0, -x)
        const length = (Math.min(filterWidth, inWidth - x) - first) * inChannels
        for (let fy = 0; fy < g.filterHeight; fy++, patch += filterWidth * inChannels) {
          const y = oy * g.strideHeight - g.padInfo.top + fy
          if (y < 0 || y >= inHeight) continue
          visit(((n * inHeight + y) * inWidth + x + first) * inChannels, patch + first * inChannels, length)
        }
      }
    }
  }
}
