import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { encodeSafetensors } from '../../src/data/safetensors.js'
import { namesIn, newFolder, numbers, writeChunks, writeNpy } from '../jobs/files.js'

// The commands of jobs: what they print, where, and their exit codes. What they compute: test/jobs.

const folder = newFolder()
const main = join(process.cwd(), 'src/cli/main.ts')
const loader = join(process.cwd(), 'node_modules/tsx/dist/loader.mjs')
const COMMAND = ['--import', loader, main]

function evenkeel(args: readonly string[], input?: Buffer, env: NodeJS.ProcessEnv = {}) {
  const settings = { cwd: folder, input, env: { ...process.env, ...env } }
  const { status, stdout, stderr } = spawnSync(process.execPath, [...COMMAND, ...args], settings)
  return { status, stdout: stdout.toString('latin1'), stderr: stderr.toString() }
}

/** Arguments as one types them. A text in quotes is one. */
const run = (line: string, env?: NodeJS.ProcessEnv) =>
  evenkeel(
    (line.match(/'[^']*'|\S+/g) ?? []).map((each) => each.replaceAll("'", '')),
    undefined,
    env,
  )

mkdirSync(join(folder, 'in'))
const data = numbers(new Float32Array(40), 1)
for (let i = 1; i < 40; i += 4) data[i] = 7
const first = writeNpy(join(folder, 'in/a.npy'), [10, 4], data)
writeNpy(join(folder, 'in/b.npy'), [5, 4], data.slice(0, 20))
const nan = data.slice()
nan[9] = Number.NaN
writeNpy(join(folder, 'nan.npy'), [10, 4], nan)
writeFileSync(
  join(folder, 'model.safetensors'),
  encodeSafetensors({
    'ln.weight': { shape: [4], data: Float32Array.of(1, 2, 3, 4) },
    'ln.bias': { shape: [4], data: Float32Array.of(0, 0, 1, 1) },
  }),
)

/** The commands of a whole job, in order: each line stands on those before it. */
const STORY: readonly (readonly [line: string, stdout: RegExp])[] = [
  [
    "fit 'in/*.npy' --out stats.json",
    /^stats\.json: 4 features of 2 files; 0\.000 MB in \d+\.\d s \(\d+ MB\/s\)\n$/,
  ],
  [
    'inspect stats.json',
    /^4 features, 60 values, 0 missing, 1 constant\nconventions of sklearn; axis -1; centred; scaled\n\nfeature +count +mean +deviation +min +max +missing\n0 +15 .*\n1 +15 +7 +0 +7 +7 +0 +constant\n2 [^\n]*\n3 [^\n]*\n$/,
  ],
  ['verify stats.json', /^ok: stats\.json, 1 file\n$/],
  ["apply stats.json 'in/*.npy' --to out --dtype float16", /^out: 2 files; 15 rows, 0\.000 MB in /],
  ["apply stats.json 'in/*.npy' --to out --dtype float16", /^out: 2 files, 2 by an earlier run; 0 rows/],
  ['verify out', /^ok: out, 2 files\n$/],
  [
    "apply stats.json 'in/*.npy' --to all --shard 1/2 --json",
    /^\{"files":1,"resumed":0,"rows":5,"bytes":208\}\n$/,
  ],
  ["apply --norm rms 'in/*.npy' --to rms --quiet", /^$/],
  ["apply --layer model.safetensors --prefix ln. 'in/*.npy' --to trained", /^trained: 2 files; /],
  [
    "fit 'in/*.npy' --out parts --shard 0/2 --threads 1",
    /^parts\.shard-0-of-2\.json: 4 features of 2 files, shard 0 of 2; /,
  ],
  ["fit 'in/*.npy' --out parts --shard 1/2", /^parts\.shard-1-of-2\.json: /],
  ["merge 'parts.shard-*' --out merged.json", /^merged\.json: 4 features of 2 files, from 2 parts\n$/],
  [
    'fit nan.npy --out nan.json --non-finite missing --preset keras --axis none --without-mean',
    /^nan\.json: 1 feature of 1 file/,
  ],
  ["inspect stats.json 'in/*.npy' --report report.html", /^$/],
  ['inspect stats.json --report -', /^<!doctype html>/],
]

it('a whole job', () => {
  for (const [line, stdout] of STORY) {
    const said = run(line)
    expect([line, said]).toEqual([line, { status: 0, stdout: expect.stringMatching(stdout), stderr: '' }])
  }
  expect(readFileSync(join(folder, 'merged.json'))).toEqual(readFileSync(join(folder, 'stats.json')))
  expect(readFileSync(join(folder, 'report.html'), 'utf8').match(/<svg/g)).toHaveLength(4)
  const { options, features } = JSON.parse(run('inspect stats.json --json').stdout)
  expect(options).toMatchObject({ preset: 'sklearn', axis: -1 })
  expect(features[1]).toMatchObject({ count: 15, mean: 7, deviation: 0, constant: true, name: null })
  const nan = JSON.parse(run('inspect nan.json --json').stdout)
  expect(nan.options).toMatchObject({ preset: 'keras', axis: null, withMean: false, nonFinite: 'missing' })
  expect(nan.features).toMatchObject([{ count: 39, missing: 1 }])
})

describe('streams', () => {
  it('fit and apply read standard input and write standard output', () => {
    const input = readFileSync(first)
    const fitted = evenkeel(['fit', '-', '--out', '-'], input)
    expect(fitted.status).toBe(0)
    expect(fitted.stderr).toMatch(/^-: 4 features of 1 file/)
    writeFileSync(join(folder, 'piped.json'), fitted.stdout)
    expect(run('fit in/a.npy --out alone.json').status).toBe(0)
    expect(fitted.stdout).toBe(readFileSync(join(folder, 'alone.json'), 'utf8'))
    const piped = evenkeel(['apply', 'piped.json', '-', '--to', '-', '--quiet'], input)
    expect([piped.status, piped.stderr]).toEqual([0, ''])
    expect(run('apply alone.json in/a.npy --to alone --quiet').status).toBe(0)
    expect(piped.stdout).toBe(readFileSync(join(folder, 'alone/a.npy'), 'latin1'))
  })

  it('a stream that is cut off: exit code 1', () => {
    const { status, stderr } = evenkeel(['fit', '-', '--out', '-'], readFileSync(first).subarray(0, 200))
    expect(status).toBe(1)
    expect(stderr).toMatch(/^evenkeel: standard input: the file ends in row 4 of 10; /)
  })
})

it('a reader that ends early: one line on stderr, and exit code 1', async () => {
  const long = writeChunks(join(folder, 'long.npy'), 3, 1)
  const child = spawn(process.execPath, [...COMMAND, 'apply', '--norm', 'rms', long, '--to', '-'], {
    cwd: folder,
  })
  let stderr = ''
  child.stderr.on('data', (text) => {
    stderr += text
  })
  child.stdout.once('data', () => child.stdout.destroy())
  const [status] = await once(child, 'close')
  expect(status).toBe(1)
  expect(stderr).toMatch(
    /^evenkeel: .*long\.npy, from row \d on: standard output: who reads it has ended; [^\n]*\n$/,
  )
})

describe('fails, with one line on stderr', () => {
  it.each<[string, number, RegExp]>([
    [
      'fit nan.npy --out x.json',
      1,
      /^evenkeel: nan\.npy: .*got NaN in row 2, feature 1; give --non-finite missing to leave such values out\.\n$/,
    ],
    [
      'fit gone.npy --out x.json',
      1,
      /^evenkeel: gone\.npy: there is no such file or folder; correct the path\.\n$/,
    ],
    ['verify in', 1, /^$/],
    ['inspect model.safetensors', 1, /^evenkeel: model\.safetensors: .* these bytes are no Standardizer; /],
    ['merge in/a.npy --out x.json', 1, /^evenkeel: in\/a\.npy: it is no JSON/],
    [
      'apply --layer model.safetensors --prefix ln in/a.npy --to x --norm group',
      1,
      /; give it, with --groups\.\n$/,
    ],
    [
      'apply --layer model.safetensors in/a.npy --to x',
      1,
      /has unexpected ln\.weight, ln\.bias; give --prefix 'ln'\.\n$/,
    ],
    ["fit 'in/*.npy'", 2, /^evenkeel: required option '--out <file>' not specified/],
    ['fit --out x.json', 2, /^evenkeel: missing required argument 'inputs'/],
    [
      'fit in/a.npy --out x.json --axis 0',
      2,
      /^evenkeel: --axis must be a dimension other than 0, .* got '0'\n$/,
    ],
    [
      'fit in/a.npy --out x.json --preset other',
      2,
      /^evenkeel: option '--preset <name>' argument 'other' is invalid\. Allowed choices are sklearn, keras, spark\./,
    ],
    [
      'fit in/a.npy --out x.json --shard 2/2',
      2,
      /^evenkeel: --shard must be i\/n with i from 0 to n - 1, .*got '2\/2'\n$/,
    ],
    [
      'fit in/a.npy --out x.json --with-mean --without-mean',
      2,
      /'--with-mean' cannot be used with option '--without-mean'/,
    ],
    [
      'fit in/a.npy --out x.json --threads many',
      2,
      /^evenkeel: --threads must be from 1 to 1024, got 'many'/,
    ],
    [
      'fit in/a.npy --out x.json --columns a,,b',
      2,
      /^evenkeel: --columns must be names or numbers between commas/,
    ],
    ['merge parts.shard-1-of-2.json --out x.json', 1, /as by --shard 0\/2, and name its part, too\.\n$/],
    [
      'apply stats.json in/a.npy --to x --non-finite missing',
      2,
      /^evenkeel: unknown option '--non-finite'\n.*`evenkeel apply --help` lists its options\./s,
    ],
    ['apply stats.json --to x', 2, /^evenkeel: there are no inputs after the statistics\n$/],
    [
      'apply stats.json in/a.npy --to x --axis 1',
      2,
      /^evenkeel: --axis is that of the statistics; give it to fit\n$/,
    ],
    [
      'apply --norm batch in/a.npy --to x',
      2,
      /^evenkeel: --norm batch needs a trained layer; give the file of --layer, or /,
    ],
    [
      'apply --norm rms in/a.npy --to x --inverse',
      2,
      /^evenkeel: --inverse is of statistics alone; leave it out\n$/,
    ],
    [
      'apply --norm rms in/a.npy --to x --prefix a',
      2,
      /^evenkeel: --prefix and --groups are of --layer; leave /,
    ],
    ['apply --layer f in/a.npy --to x --norm l2', 2, /^evenkeel: --norm l2 has no trained layer; leave /],
    ['apply --norm rms in/a.npy --to x --eps 0', 2, /^evenkeel: --eps must be a number above 0/],
    ['inspect stats.json --report stats.json', 1, /stats\.json: the result, stats\.json, would replace it; /],
    [
      'inspect stats.json in/a.npy',
      2,
      /^evenkeel: inputs are read for the histograms of a report; give --report/,
    ],
    [
      'fit in/a.npy --out x.json --wtih-mean',
      2,
      /^evenkeel: unknown option '--wtih-mean'\n\(Did you mean --with-mean\?\)/,
    ],
  ])('evenkeel %s', (line, status, stderr) => {
    const said = run(line)
    expect(said).toMatchObject({ status, stderr: expect.stringMatching(stderr) })
    expect(namesIn(folder)).not.toContain('x.json')
  })

  it('verify names each fault on stdout', () => {
    const said = run('verify in')
    expect(said).toEqual({ status: 1, stdout: 'in: there is no manifest of an apply\n', stderr: '' })
    expect(JSON.parse(run('verify in --json').stdout)).toEqual({
      checked: 0,
      faults: ['in: there is no manifest of an apply'],
    })
  })
})

it('the shard of a launcher', () => {
  const slurm = { SLURM_ARRAY_TASK_ID: '1', SLURM_ARRAY_TASK_MIN: '0', SLURM_ARRAY_TASK_MAX: '1' }
  const array = { ...slurm, SLURM_ARRAY_TASK_STEP: '1' }
  expect(run("fit 'in/*.npy' --out array", array).stdout).toMatch(
    /^array\.shard-1-of-2\.json: .*, shard 1 of 2;/,
  )
  expect(run("fit 'in/*.npy' --out whole.json --shard all", array).stdout).toMatch(/^whole\.json: /)
  const part = run("fit 'in/*.npy' --out array", { ...array, SLURM_ARRAY_TASK_MIN: '1' })
  expect(part).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/or give the shard, as in --shard 0/),
  })
  const half = run("fit 'in/*.npy' --out array", slurm)
  expect(half).toMatchObject({ status: 1, stdout: '' })
  expect(half.stderr).toMatch(/SLURM_ARRAY_TASK_STEP is not; set it, or give the shard, as in --shard 0\/4/)
})

describe.skipIf(process.platform === 'win32')('a signal', () => {
  const start = (args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [...COMMAND, ...args], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'] })

  /** Sends a signal when `ready` says so. */
  async function interrupt(child: ChildProcess, signal: NodeJS.Signals, ready: () => boolean) {
    let stderr = ''
    child.stderr?.on('data', (text) => {
      stderr += text
    })
    const ended = once(child, 'close')
    while (!ready()) await wait(5)
    child.kill(signal)
    const [status] = await ended
    return { status, stderr }
  }

  it('ends a fit, which goes on later', async () => {
    mkdirSync(join(folder, 'many'))
    for (let i = 0; i < 30; i++) writeChunks(join(folder, `many/${i + 10}.npy`), 3, i)
    const line = 'fit many/*.npy --out many.json --axis 1'.split(' ')
    const journal = () => namesIn(folder).includes('many.json.journal')
    const said = await interrupt(start(line), 'SIGINT', journal)
    expect(said).toEqual({
      status: 130,
      stderr:
        'evenkeel: interrupted by SIGINT; what is finished is kept, and the same command goes on from there\n',
    })
    expect(evenkeel(line).status).toBe(0)
    expect(namesIn(folder)).not.toContain('many.json.journal')
  })

  it('ends an apply, which leaves no output in part', async () => {
    const line = 'apply --norm layer many/*.npy --to applied'.split(' ')
    const begun = () => namesIn(folder).includes('applied') && namesIn(join(folder, 'applied')).length > 1
    expect(await interrupt(start(line), 'SIGTERM', begun)).toMatchObject({ status: 143 })
    expect(namesIn(join(folder, 'applied')).filter((name) => name.startsWith('.'))).toEqual([])
    expect(evenkeel(line).status).toBe(0)
    expect(evenkeel(['verify', 'applied']).status).toBe(0)
  })

  it.each([0, 150])('ends a command that waits for standard input after %d bytes', async (bytes) => {
    const child = start(['fit', '-', '--out', 'waiting.json'])
    child.stdin?.write(readFileSync(first).subarray(0, bytes))
    const begun = (name: string) => name.startsWith('.waiting.json')
    const said = await interrupt(child, 'SIGINT', () => namesIn(folder).some(begun))
    expect(said).toEqual({ status: 130, stderr: expect.stringContaining('interrupted by SIGINT') })
    expect(namesIn(folder).filter(begun)).toEqual([])
  })
})
