import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { extname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { serve } from '../scripts/site/server.js'
import { install, newFolder, pack } from './support/package.js'

// Each example runs in an installed package, and does what it says.

const run = promisify(execFile)
const MOST_LINES = 60
/** A test run that insists on the native backend may have no binary to pack. */
const ENV = { ...process.env, EVENKEEL_BACKEND: undefined, EVENKEEL_ISA: undefined }

const folder = newFolder()
let root: string
beforeAll(() => {
  root = install(pack(folder), folder)
  const tensorflow = 'node_modules/@tensorflow'
  mkdirSync(join(folder, tensorflow), { recursive: true })
  symlinkSync(resolve(tensorflow, 'tfjs'), join(folder, tensorflow, 'tfjs'), 'dir')
})
afterAll(() => rmSync(folder, { recursive: true }))

/** All numbers of a text, in order. */
const numbersIn = (text: string) => (text.match(/-?\d+(\.\d+)?(e[-+]\d+)?/g) ?? []).map(Number)

/** The losses that a training prints fall, and it has learned its task. */
function expectTraining(printed: string, right: RegExp): void {
  const losses = [...printed.matchAll(/loss ([\d.]+)/g)].map(([, loss]) => Number(loss))
  expect(losses.length).toBeGreaterThan(2)
  expect(losses.at(-1)).toBeLessThan(losses[0])
  expect(losses.at(-1)).toBeLessThan(0.25)
  const [, hits, all] = right.exec(printed)!.map(Number)
  expect(hits / all).toBeGreaterThan(0.9)
}

/** What PyTorch 2.13 computes of the model and the inputs in the example. */
const PYTORCH_LOGITS = [
  -1.7643262147903442, -0.5058655738830566, 1.3507158756256104, 1.7721621990203857, 0.2803300619125366,
  -2.5808768272399902,
]

/** The examples that run to their end, and what they must print. */
const EXAMPLES: readonly (readonly [name: string, check: (printed: string) => void])[] = [
  ['train-by-hand.mjs', (printed) => expectTraining(printed, /(\d+) of (\d+) right/)],
  ['tfjs.mjs', (printed) => expectTraining(printed, /(\d+) of (\d+) right/)],
  [
    'worker-threads.mjs',
    (printed) => expect(printed).toBe('4 workers, 4096 rows: the same bits as one call\n'),
  ],
  ['batch-job.mjs', checkBatchJob],
  [
    'serve-pytorch-weights.mjs',
    (printed) => {
      const logits = numbersIn(printed)
      expect(logits).toHaveLength(PYTORCH_LOGITS.length)
      for (const [i, logit] of logits.entries()) expect(logit).toBeCloseTo(PYTORCH_LOGITS[i], 5)
    },
  ],
  [
    'fold-batch-norm.mjs',
    (printed) => {
      const [difference, outputs] = numbersIn(printed.replace(/of (\d+) outputs: (\S+)/, '$2 $1'))
      expect(outputs).toBe(3200)
      expect(difference).toBeGreaterThan(0)
      expect(difference).toBeLessThan(1e-6)
    },
  ],
]

/** The statistics by plain sums in float64, of the numbers that the example writes. */
function checkBatchJob(printed: string): void {
  const rows = 100_000
  const features = [(i: number) => Math.sin(i), (i: number) => 1000 + 20 * Math.cos(i), () => 7]
  const columns = features.map((feature, f) => {
    return Array.from({ length: rows }, (_, row) => Math.fround(feature(row * 3 + f)))
  })
  const mean = columns.map((column) => column.reduce((a, b) => a + b) / rows)
  const deviation = columns.map((column, f) => {
    const constant = column.every((value) => value === column[0])
    return constant ? 1 : Math.sqrt(column.reduce((sum, value) => sum + (value - mean[f]) ** 2, 0) / rows)
  })
  const [learned, scaled, path] = printed.trim().split('\n')
  const values = numbersIn(learned.replaceAll('Float64Array(3)', ''))
  for (const [i, value] of [...mean, ...deviation].entries()) expect(values[i]).toBeCloseTo(value, 6)
  const after = numbersIn(scaled.replaceAll('Float64Array(3)', ''))
  for (const [i, value] of [0, 0, 0, 1, 1, 1].entries()) expect(after[i]).toBeCloseTo(value, 6)
  expect(existsSync(path)).toBe(true)
  rmSync(resolve(path, '..'), { recursive: true })
}

describe('the examples', () => {
  it('are all in the README, and below 60 lines', () => {
    const text = readFileSync(join(root, 'examples/README.md'), 'utf8')
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link)
    expect(links.filter((link) => !existsSync(join(root, 'examples', link)))).toEqual([])
    const names = readdirSync(join(root, 'examples')).filter(
      (name) => name !== 'README.md' && !name.endsWith('.json'),
    )
    expect(links.map((link) => link.split('/')[0]).sort()).toEqual(names.sort())
    for (const name of names.filter((each) => extname(each) !== ''))
      expect(readFileSync(join(root, 'examples', name), 'utf8').split('\n').length).toBeLessThan(MOST_LINES)
  })

  it.each(EXAMPLES)('%s', async (name, check) => {
    const { stdout } = await run(process.execPath, [join(root, 'examples', name)], { env: ENV })
    check(stdout)
  })
})

describe('server.mjs', () => {
  let server: ChildProcess
  let url: string
  beforeAll(async () => {
    const env = { ...ENV, PORT: '0' }
    server = spawn(process.execPath, [join(root, 'examples/server.mjs')], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    url = String((await once(server.stdout!, 'data'))[0]).trim()
  })
  afterAll(() => server.kill())

  const ask = async (body: string) => {
    const response = await fetch(url, { method: 'POST', body })
    return { status: response.status, answer: (await response.json()) as unknown }
  }

  it('normalizes the rows that it gets', async () => {
    const rows = [
      [1, 2, 3, 4],
      [0, 0, 0, 8],
    ]
    const { status, answer } = await ask(JSON.stringify(rows))
    expect(status).toBe(200)
    const expected = rows.map((row) => {
      const mean = row.reduce((a, b) => a + b) / 4
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4
      return row.map((value) => (value - mean) / Math.sqrt(variance + 1e-5))
    })
    for (const [i, value] of (answer as number[][]).flat().entries())
      expect(value).toBeCloseTo(expected.flat()[i], 5)
  })

  it.each([
    ['[[1, 2, 3]]', /needs 4 elements/],
    ['[[1,', /JSON/],
    ['{}', /rows of numbers/],
    [`[${'1,'.repeat(600_000)}1]`, /at most 1000000 bytes/],
  ])('refuses %.20s', async (body, message) => {
    const { status, answer } = await ask(body)
    expect(status).toBe(400)
    expect(answer).toEqual({ error: expect.stringMatching(message) })
  })
})

describe('browser.html', () => {
  const page = () => readFileSync(join(root, 'examples/browser.html'), 'utf8')

  it('names files that are there', () => {
    const { imports } = JSON.parse(/<script type="importmap">(.*?)<\/script>/s.exec(page())![1])
    expect(Object.keys(imports)).toEqual(['evenkeel', '#addon'])
    const missing = Object.values<string>(imports).filter((path) => !existsSync(join(root, 'examples', path)))
    expect(missing).toEqual([])
  })

  it.runIf(isThere('chromium'))('runs in Chromium', async () => {
    const { origin, close } = await serve(root)
    const options = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--virtual-time-budget=20000',
      '--dump-dom',
    ]
    const { stdout } = await run('chromium', [...options, `${origin}/examples/browser.html`])
    close()
    expect(stdout).toContain('<output id="result" for="numbers">-1.342 -0.447 0.447 1.342</output>')
    expect(stdout).toContain('<output id="backend">portable</output>')
  })
})

function isThere(command: string): boolean {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
