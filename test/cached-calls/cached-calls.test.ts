import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type Frames, NativeCachedCall } from '../../src/backend/native/cached-calls.js'
import { type Operands, type OperandTable, PASSES } from '../../src/backend/operands.js'
import { planRows } from '../../src/engine/plan.js'
import { type FloatArray, LayerNorm } from '../../src/index.js'
import { expectAsNew, LENGTH, numbers, SHAPE, SIZE, tensor, zeros } from './support.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** A turn of the event loop, in which what was collected is reported. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 1))

/** A cached call after one run over the operands. Its addon only counts. */
function cachedCall(table: OperandTable, operands: Operands) {
  const calls = { kept: 0, again: 0, renewed: 0, frames: 0 }
  const gone = { now: false }
  /** A call on the last frame, which does nothing where it is gone. */
  const on = (what: 'kept' | 'again' | 'renewed') => (frame: number) => {
    if (gone.now && frame === calls.frames) return true
    calls[what]++
    return undefined
  }
  const newFrame = () => {
    gone.now = false
    return ++calls.frames
  }
  const frames: Frames = { newFrame, again: on('again'), renew: on('renewed') }
  const cached = new NativeCachedCall(frames, table, (_descriptor, _operands, frame) => on('kept')(frame))
  cached.run(PLAN, operands)
  return { cached, calls, gone }
}

const PLAN = planRows('LayerNorm', SHAPE, 'float32', { normalizedShape: [LENGTH], eps: 1e-5 })

/** An array for each operand of a table. */
const arraysFor = (table: OperandTable): FloatArray[] =>
  table.map(({ kind }) => {
    if (kind === 'statistics') return new Float64Array(4)
    return numbers(kind === 'data' ? SIZE : LENGTH)
  })
const replaced = (operands: Operands, i: number, array: FloatArray | null) =>
  operands.map((operand, j) => (i === j ? array : operand))

const { forward: FORWARD, backward: BACKWARD } = PASSES
const TABLES = { forward: FORWARD, backward: BACKWARD }
const ROWS = Object.entries(TABLES).flatMap(([direction, table]) =>
  table.map(({ name }, i) => [direction, name, table, i] as const),
)

describe('a cached call', () => {
  const arrays = arraysFor(BACKWARD)

  it.each(Object.entries(TABLES))('runs again on the same arrays: %s', (_, table) => {
    const operands = arraysFor(table)
    const { cached, calls } = cachedCall(table, operands)
    expect(cached.repeat(PLAN, [...operands], false)).toBe(true)
    expect(cached.repeat({ ...PLAN }, operands, false)).toBe(false)
    expect(calls).toMatchObject({ kept: 1, again: 1, renewed: 0 })
  })

  it.each(ROWS)('%s does not where %s is another', (_direction, _name, table, i) => {
    const operands = arraysFor(table)
    const { cached, calls } = cachedCall(table, operands)
    for (const other of [operands[i].slice(), null])
      expect(cached.repeat(PLAN, replaced(operands, i, other), false)).toBe(false)
    expect(calls).toMatchObject({ kept: 1, again: 0, renewed: 0 })
  })

  // Whichever of the other operands are absent: none stands for another in the proof.
  it.each(ROWS)('%s does not where %s is lost', (_direction, _name, table, i) => {
    for (const absent of table.keys()) {
      const operands = arraysFor(table)
      const lost = operands[i]
      const given = absent === i ? operands : replaced(operands, absent, null)
      const { cached } = cachedCall(table, given)
      structuredClone(0, { transfer: [lost.buffer as ArrayBuffer] })
      expect(cached.repeat(PLAN, given, false)).toBe(false)
    }
  })

  it.each([
    ['forward', FORWARD, ['input', 'out']],
    ['backward', BACKWARD, ['out']],
  ] as const)(
    '%s takes other data unchecked only where a new result cannot overlap them',
    (_, table, free) => {
      const operands = arraysFor(table)
      const taken = table.filter((_operand, i) => {
        const { cached } = cachedCall(table, operands)
        return cached.repeat(PLAN, replaced(operands, i, operands[i].slice()), true)
      })
      expect(taken.map(({ name }) => name)).toEqual(free)
    },
  )

  it('trusts nothing that a failed call may have changed', () => {
    const passed: unknown[][] = []
    let fails = true
    const renew = (...values: unknown[]) => {
      if (fails) throw new Error('no memory')
      passed.push(values)
      return undefined
    }
    const frames: Frames = { newFrame: () => 1, again: () => undefined, renew }
    const cached = new NativeCachedCall(frames, BACKWARD, () => undefined)
    cached.run(PLAN, arrays)
    const [dy, input, out] = arrays
    const other = replaced(arrays, 0, numbers(SIZE))
    expect(() => cached.run(PLAN, replaced(other, 2, numbers(SIZE)))).toThrow('no memory')
    expect(cached.repeat(PLAN, arrays, false)).toBe(false)
    fails = false
    cached.run(PLAN, arrays)
    cached.run(PLAN, replaced(arrays, 1, numbers(SIZE)))
    expect(passed).toEqual([
      [1, dy, null, out],
      [1, null, input, null],
    ])
    cached.forget()
    expect(cached.repeat(PLAN, arrays, false)).toBe(false)
  })

  it('keeps no data of more than 16384 elements', () => {
    const plan = planRows('LayerNorm', [2049, LENGTH], 'float32', { normalizedShape: [LENGTH], eps: 1e-5 })
    const large = arrays.map((array, i) => (BACKWARD[i].kind === 'data' ? numbers(plan.size) : array))
    const { cached, calls } = cachedCall(BACKWARD, large)
    cached.run(plan, large)
    expect(cached.repeat(plan, large, false)).toBe(false)
    cached.run(plan, large)
    expect(calls).toMatchObject({ kept: 2, again: 0, renewed: 1 })
  })
})

describe('a frame that is gone', () => {
  const operands = arraysFor(FORWARD)

  it('makes the call be checked again, and gives way to a new one', () => {
    const { cached, calls, gone } = cachedCall(FORWARD, operands)
    for (const fresh of [false, true]) {
      gone.now = true
      expect(cached.repeat(PLAN, operands, fresh)).toBe(false)
      cached.run(PLAN, operands)
      expect(cached.repeat(PLAN, operands, false)).toBe(true)
    }
    gone.now = true
    cached.run(PLAN, replaced(operands, 0, numbers(SIZE)))
    expect(calls).toMatchObject({ kept: 4, frames: 4 })
  })

  it('is that of a layer before very many others: they give the same bits', () => {
    const layers = Array.from({ length: 3000 }, () => new LayerNorm(LENGTH))
    const [x, out, dx] = [tensor(), zeros(), zeros()]
    for (let round = 0; round < 3; round++) {
      for (const [i, layer] of layers.entries()) {
        if (i % 1000 === 0) expectAsNew(layer, new LayerNorm(LENGTH), x, out, dx)
        else layer.backward(layer.forward(x, { out }), { out: dx })
      }
    }
  })
})

describe('frames', () => {
  it('hold under a collector that runs all the time', async () => {
    const kept = new LayerNorm(LENGTH)
    const [x, out, dx] = [tensor(), zeros(), zeros()]
    for (let i = 0; i < 30; i++) {
      for (let j = 0; j < 20; j++) new LayerNorm(LENGTH).forward(tensor(j))
      collect()
      await turn()
      expectAsNew(kept, new LayerNorm(LENGTH), x, out, dx)
    }
  })

  it('end with their worker, also in mid-call, and leave the others alone', async () => {
    const script = `
      import { Worker } from 'node:worker_threads'
      import { LayerNorm } from './src/index.ts'
      const here = JSON.stringify(import.meta.url)
      const load = "import('tsx/esm/api').then(({ tsImport }) => tsImport('./src/index.ts', " + here + "))"
      const work = ".then(async ({ LayerNorm, tensor }) => {" +
        "const x = tensor(new Float32Array(32).fill(1), [4, 8]);" +
        "const layers = Array.from({ length: 50 }, () => new LayerNorm(8));" +
        "const { parentPort, workerData } = await import('node:worker_threads');" +
        "for (let i = 0; i < 200 || workerData; i++) {" +
        "  layers[i % 50].forward(x, { out: x }); layers[i % 50].forward(x); layers[i % 50].backward(x);" +
        "  if (i === 200) parentPort.postMessage('runs') } })"
      const layer = new LayerNorm(8)
      const x = { data: Float32Array.from({ length: 32 }, (_, i) => i % 7), shape: [4, 8] }
      const out = { data: new Float32Array(32), shape: [4, 8] }
      const first = layer.forward(x).data.join()
      for (const endless of [false, true, false, true]) {
        const worker = new Worker(load + work, { eval: true, workerData: endless })
        const ended = new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject))
        worker.on('message', () => worker.terminate())
        await ended
        for (let i = 0; i < 3; i++) if (layer.forward(x, { out }).data.join() !== first) throw new Error('other bits')
      }
      console.log('well')`
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--import',
      'tsx',
      '--input-type=module',
      '--eval',
      script,
    ])
    expect(stdout).toBe('well\n')
  })
})
