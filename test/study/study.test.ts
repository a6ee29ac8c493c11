import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { allCells, type Cell, type CellResult } from '../../study/experiments/cells.js'
import { useWasm } from '../../study/network/wasm-kernels.js'
import { report } from '../../study/report/report.js'
import { NORM_TITLES } from '../../study/report/summary.js'
import { points } from '../../study/report/wording.js'
import { inThisThread } from '../../study/runner/executors.js'
import { ResultStore, type StudyOptions, studyOptions } from '../../study/runner/store.js'
import { SEED, TINY, tinyData } from './support.js'

const data = tinyData()
const cells = allCells(TINY, data.train.labels.length)

let directory: string
beforeAll(useWasm)
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'evenkeel-study-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function options(changes: Partial<StudyOptions> = {}): StudyOptions {
  return { ...studyOptions(data, { seed: SEED, scale: 'quick', settings: TINY }), ...changes }
}

const newStore = (name: string, changes?: Partial<StudyOptions>) =>
  new ResultStore(join(directory, name), options(changes), cells)

/** Trains these cells for real and keeps their results. */
async function run(store: ResultStore, chosen: readonly Cell[], seed = SEED): Promise<void> {
  const finished = (cell: Cell, result: CellResult) => store.add(cell, result)
  const events = { progress: () => {}, finished }
  await inThisThread({ seed, data })(chosen, events, new AbortController().signal)
}

const content = (store: ResultStore) => readFileSync(store.path, 'utf8')

it('gives the same bytes from the same seed, in any order, interrupted or not; and others from another', async () => {
  const before = tf.memory().numTensors
  const whole = newStore('whole')
  await run(whole, cells)

  const interrupted = newStore('parts')
  await run(interrupted, cells.slice(3, 5))
  const resumed = newStore('parts')
  resumed.resume()
  const { waiting } = resumed
  expect(waiting.length).toBe(cells.length - 2)
  await run(resumed, [...waiting].reverse())
  expect(content(resumed)).toBe(content(whole))

  const other = newStore('other')
  await run(other, cells.slice(0, 2), SEED + 1)
  expect(other.finished[0].result).not.toEqual(whole.finished[0].result)
  expect(existsSync(`${whole.path}.part`)).toBe(false)
  // tfjs's optimizers leave up to two constants behind, however many steps they take.
  expect(tf.memory().numTensors - before).toBeLessThanOrEqual(2 * (2 * cells.length + 2))
})

it('reports every cell', async () => {
  const store = newStore('report')
  await run(store, cells)
  const page = report({ options: options(), cells: store.finished }, data)
  for (const norm of ['none', 'layer', 'batch', 'group'] as const) expect(page).toContain(NORM_TITLES[norm])
  for (const { cell, result } of store.finished) {
    if (cell.experiment === 'inference' || !('testError' in result)) continue
    const same = store.finished.filter(
      (other) => other.cell.id.replace(/\d+$/, '') === cell.id.replace(/\d+$/, ''),
    )
    const errors = same.map((other) => (other.result as { testError: number }).testError)
    expect(page).toContain(points(errors.reduce((sum, error) => sum + error, 0) / errors.length))
  }
  for (const title of [
    'Findings',
    'Depth',
    'Batch size',
    'Inference',
    'recommend()',
    'replicates of each network',
  ])
    expect(page).toContain(title)
  expect(page).not.toMatch(/stroke="none" stroke-width|evenkeel-study-/)
  expect(page.match(/<svg/g)!.length).toBeGreaterThanOrEqual(8)
  expect(page).not.toMatch(/NaN|undefined|(src|href)="(?!data:)/)
})

it('reports what there is while cells are missing', () => {
  const page = report({ options: options(), cells: [] }, data)
  expect(page).toContain('<h1>')
  expect(page).not.toMatch(/NaN|undefined/)
})

it('says what an interruption leaves behind', async () => {
  const store = newStore('run')
  expect(store.held).toBe('no network was finished, and nothing was written')
  await run(store, cells.slice(0, 1))
  expect(store.held).toBe(`${store.path} holds 1 of ${cells.length} networks`)
  // A second run, ended before its first network: the file is not its own.
  expect(newStore('run').held).toBe(
    `no network was finished, and ${store.path} is still that of an earlier run`,
  )
})

describe('--resume', () => {
  it('refuses other options, and names them', () => {
    newStore('run').save()
    const settings = { ...TINY, depth: { ...TINY.depth, steps: 7 } }
    const store = newStore('run', { seed: 4, settings })
    expect(() => store.resume()).toThrow(
      /other options: seed was 3, now 4; settings.depth.steps was 6, now 7;/,
    )
  })

  it('refuses where there is nothing, or something else', () => {
    const store = newStore('run')
    expect(() => store.resume()).toThrow(/there is no .*results\.json; start without --resume/)
    store.save()
    writeFileSync(store.path, '{"format":"another/1"}')
    expect(() => store.resume()).toThrow(/must be of the format evenkeel-study\/2, got another\/1/)
    writeFileSync(store.path, '{"form')
    expect(() => store.resume()).toThrow(/is not JSON/)
  })
})
