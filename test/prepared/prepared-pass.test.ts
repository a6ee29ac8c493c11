import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { type Frames, type PassArrays, PreparedPass } from '../../src/backend/prepared.js'
import { LayerNorm } from '../../src/index.js'
import { planRows } from '../../src/plan.js'
import { expectAsNew, LENGTH, numbers, SHAPE, SIZE, tensor, zeros } from './support.js'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** A turn of the event loop, in which what was collected is reported. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 1))

/** A pass whose addon does nothing but count, after one call over the arrays. */
function preparedPass(arrays: PassArrays) {
  const calls = { kept: 0, again: 0, renewed: 0, deleted: [] as number[] }
  let last = 0
  const frames: Frames = {
    newFrame: () => ++last,
    deleteFrame: (frame) => calls.deleted.push(frame),
    again: () => calls.again++,
    renew: () => calls.renewed++,
  }
  const pass = new PreparedPass(frames, () => calls.kept++)
  pass.run(PLAN, arrays)
  return { pass, calls }
}

const PLAN = planRows('LayerNorm', SHAPE, 'float32', { normalizedShape: [LENGTH], eps: 1e-5 })
const backwardArrays = (): PassArrays => ({
  to: numbers(SIZE),
  from: numbers(SIZE),
  saved: numbers(SIZE),
  weight: numbers(LENGTH),
  bias: null,
  mean: new Float64Array(4),
  variance: new Float64Array(4),
  dweight: numbers(LENGTH),
  dbias: numbers(LENGTH),
})

describe('a prepared pass', () => {
  const arrays = backwardArrays()

  it('runs again on the same arrays', () => {
    const { pass, calls } = preparedPass(arrays)
    expect(pass.again(PLAN, { ...arrays }, false)).toBe(true)
    expect(calls).toMatchObject({ kept: 1, again: 1, renewed: 0 })
  })

  it.each(Object.entries(backwardArrays()))('does not where %s is another', (name, other) => {
    const { pass, calls } = preparedPass(arrays)
    const changed = { ...arrays, [name]: other ?? numbers(LENGTH) }
    expect(pass.again(PLAN, changed, false)).toBe(false)
    expect(pass.again({ ...PLAN }, arrays, false)).toBe(false)
    expect(calls).toMatchObject({ kept: 1, again: 0, renewed: 0 })
  })

  it.each(Object.keys(backwardArrays()).filter((name) => name !== 'bias'))(
    'does not where %s is lost',
    (name) => {
      const owned = backwardArrays()
      const { pass } = preparedPass(owned)
      const { buffer } = owned[name as 'to']
      structuredClone(0, { transfer: [buffer as ArrayBuffer] })
      expect(pass.again(PLAN, owned, false)).toBe(false)
    },
  )

  it('trusts nothing that a failed call may have changed', () => {
    const passed: unknown[][] = []
    let fails = true
    const renew = (...values: unknown[]) => {
      if (fails) throw new Error('no memory')
      passed.push(values)
    }
    const frames: Frames = { newFrame: () => 1, deleteFrame: () => {}, again: () => {}, renew }
    const pass = new PreparedPass(frames, () => {})
    pass.run(PLAN, arrays)
    expect(() => pass.run(PLAN, { ...arrays, from: numbers(SIZE), to: numbers(SIZE) })).toThrow('no memory')
    expect(pass.again(PLAN, arrays, false)).toBe(false)
    fails = false
    pass.run(PLAN, arrays)
    expect(passed).toEqual([[1, arrays.to, arrays.from, arrays.saved]])
    pass.forget()
    expect(pass.again(PLAN, arrays, false)).toBe(false)
  })

  it('keeps no data of more than 16384 elements', () => {
    const plan = planRows('LayerNorm', [2049, LENGTH], 'float32', { normalizedShape: [LENGTH], eps: 1e-5 })
    const data = { to: numbers(plan.size), from: numbers(plan.size), saved: numbers(plan.size) }
    const large = { ...arrays, ...data, mean: new Float64Array(2049), variance: new Float64Array(2049) }
    const { pass, calls } = preparedPass(large)
    pass.run(plan, large)
    expect(pass.again(plan, large, false)).toBe(false)
    pass.run(plan, large)
    expect(calls).toMatchObject({ kept: 2, again: 0, renewed: 1 })
  })
})

describe('frames', () => {
  it('are deleted with their owners', async () => {
    const { deleted } = preparedPass(backwardArrays()).calls
    for (let i = 0; i < 50 && deleted.length === 0; i++) {
      collect()
      await turn()
    }
    expect(deleted).toEqual([1])
  })

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
