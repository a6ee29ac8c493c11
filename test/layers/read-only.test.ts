import { runInThisContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { BatchNorm, GroupNorm, InstanceNorm, type Layer, LayerNorm, RMSNorm } from '../../src/index.js'
import { expectError, randomTensor } from './support.js'

// What cannot be set says so at once, and what stands around a layer is told from it.

const ALL = [
  'name',
  'eps',
  'dtype',
  'weight',
  'bias',
  'context',
  'runningMean',
  'runningVariance',
  'batchesTracked',
  'hasStatistics',
]
const LAYERS: readonly (readonly [string, Layer, string[]])[] = [
  ['BatchNorm', new BatchNorm(4), ['channels', 'layout']],
  ['LayerNorm', new LayerNorm([2, 2]), ['normalizedShape']],
  ['GroupNorm', new GroupNorm(2, 4), ['groups', 'channels', 'layout']],
  ['InstanceNorm', new InstanceNorm(4), ['channels', 'layout']],
  ['RMSNorm', new RMSNorm(4), ['normalizedShape']],
]
const ROWS = LAYERS.flatMap(([name, layer, own]) =>
  [...ALL, ...own].map((key) => [name, key, layer] as const),
)

/** An assignment in sloppy code, which ignores one to a read-only property. */
const assignSloppily: (target: object, key: string, value: unknown) => void = runInThisContext(
  '(function (target, key, value) { target[key] = value })',
)

describe('a layer property that is set', () => {
  it.each(ROWS)('%s.%s throws, and is as it was', (name, key, layer) => {
    const before = Reflect.get(layer, key)
    expect(before).toBeDefined()
    const message = new RegExp(`^${name}: ${key} cannot be set; \\w`)
    expectError(() => assignSloppily(layer, key, 100), 'EVENKEEL_OPTION', message)
    expectError(() => Object.assign(layer, { [key]: 100 }), 'EVENKEEL_OPTION', message)
    expect(Reflect.get(layer, key)).toBe(before)
  })

  it('training is the mode, as train() sets it', () => {
    const layer = new BatchNorm(4)
    layer.training = false
    expect(layer.training).toBe(false)
    expectError(() => assignSloppily(layer, 'training', 'no'), 'EVENKEEL_OPTION', /train\(\)/)
  })

  it('normalizedShape is frozen', () => {
    expect(() => (new LayerNorm([2, 2]).normalizedShape as number[]).push(3)).toThrow(TypeError)
  })
})

describe('a Proxy of a layer', () => {
  const x = randomTensor([4, 8], 'float32')
  const calls: Readonly<Record<string, (layer: Layer) => unknown>> = {
    forward: (layer) => layer.forward(x),
    backward: (layer) => layer.backward(x),
    context: (layer) => layer.context,
    training: (layer) => layer.training,
    eval: (layer) => layer.eval(),
    zeroGrad: (layer) => layer.zeroGrad(),
    runningMean: (layer) => layer.runningMean,
    runningVariance: (layer) => layer.runningVariance,
    batchesTracked: (layer) => layer.batchesTracked,
    hasStatistics: (layer) => layer.hasStatistics,
    stateDict: (layer) => layer.stateDict(),
    loadStateDict: (layer) => layer.loadStateDict({}),
  }
  it.each(Object.entries(calls))('has no %s, and says how to reach the layer', (_, call) => {
    const layer = new BatchNorm(8)
    layer.forward(x)
    expectError(() => call(new Proxy(layer, {})), 'EVENKEEL_STATE', /Proxy.*markRaw\(layer\)/)
    expect(layer.batchesTracked).toBe(1)
  })
})

it('asynchronous calls on what is no layer reject', async () => {
  const x = randomTensor([4, 8], 'float32')
  const proxy = new Proxy(new BatchNorm(8), {})
  const { forwardAsync } = new BatchNorm(8)
  for (const call of [() => proxy.forwardAsync(x), () => proxy.backwardAsync(x), () => forwardAsync(x)])
    await expect(call()).rejects.toMatchObject({ code: 'EVENKEEL_STATE' })
  const { forward, train } = new BatchNorm(8)
  for (const call of [() => forward(x), () => train()])
    expectError(call, 'EVENKEEL_STATE', /layer\.forward\(x\)/)
})

describe('eval() before any data', () => {
  it('warns once, and not after training or a state dict', async () => {
    vi.resetModules()
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const fresh = await import('../../src/index.js')
    const x = randomTensor([4, 8], 'float32')
    const trained = new fresh.BatchNorm(8)
    trained.forward(x)
    trained.eval().forward(x)
    new fresh.BatchNorm(8).loadStateDict(trained.stateDict()).eval().forward(x)
    expect(warn).not.toHaveBeenCalled()
    for (let i = 0; i < 2; i++) new fresh.BatchNorm(8).eval().forward(x)
    expect(warn).toHaveBeenCalledTimes(1)
    expect(warn.mock.calls[0][0]).toBe(
      'BatchNorm: eval mode uses running averages, and these have seen no data: mean 0 and variance 1 stand in. Train first, or loadStateDict().',
    )
    warn.mockRestore()
  })
})
