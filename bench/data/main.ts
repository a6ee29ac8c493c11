import { spawnSync } from 'node:child_process'
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { program } from 'commander'
import { encodeNpyHeader } from '../../src/data/npy.js'
import { openReader, openWriter } from '../../src/files/index.js'
import { setThreads } from '../../src/index.js'
import * as jobs from '../../src/jobs/index.js'
import { Random } from '../../src/selftest/random.js'
import { median } from '../server/median.js'
import { startPeers } from './peers.js'

// npm run bench:data -- [--rows N] [--rounds N] [--folder DIR]: fit and apply beside scikit-learn, DuckDB and the bare
// reading of the file, in one run and in turns. All files are in the page cache.

program
  .option('--rows <count>', 'rows of the file, of 64 float32', '1562500')
  .option('--rounds <count>', 'how often each is timed', '7')
  .option('--folder <path>', 'where the files are made', tmpdir())
  .option('--memory-rows <count>', 'rows of the file whose fit and apply show the peak of memory', '31250000')
  .parse()
const options = program.opts<{ rows: string; rounds: string; folder: string; memoryRows: string }>()
const ROWS = Number(options.rows)
const FEATURES = 64
const ROUNDS = Number(options.rounds)
/** What the bare reading takes at a time. */
const READ_BYTES = 8 * 2 ** 20
const MS = 1000
const MEGABYTE = 1e6

const folder = mkdtempSync(join(options.folder, 'evenkeel-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const npy = join(folder, 'x.npy')
const parquet = join(folder, 'x.parquet')
const stats = join(folder, 'stats.json')
const outputs = join(folder, 'out')

/** How long a task runs before it is timed, and while it is, in seconds. */
const [WARM_UP, TIMED] = [0.5, 1]

/**
 * The median time of a task that has run for a while. After a pause, this kind of machine copies memory at half of its
 * speed for some 0.3 s, and the first to take memory that was given back to the host waits for it: a short task would be
 * timed by what was before it. First the disk writes what the task before has left.
 */
async function settled(run: () => Promise<number>): Promise<number> {
  spawnSync('sync')
  await forAWhile(run, WARM_UP)
  return median(await forAWhile(run, TIMED))
}

async function forAWhile(run: () => Promise<number>, seconds: number): Promise<number[]> {
  const times: number[] = []
  let total = 0
  while (total < seconds) {
    const time = await run()
    times.push(time)
    total += time
  }
  return times
}

async function main(): Promise<void> {
  await makeFiles()
  await jobs.fit(npy, { out: stats, restart: true })
  const peers = await startPeers(folder)
  const tasks: [string, () => Promise<number>][] = [
    ['read the npy', () => timed(1, read)],
    ['fit npy, 1 thread', () => timed(1, () => fitFile(npy))],
    ['fit npy, 2 threads', () => timed(2, () => fitFile(npy))],
    ['fit parquet, 1 thread', () => timed(1, () => fitFile(parquet))],
    ['apply npy, 1 thread', () => timed(1, () => applyFile(npy))],
    ['apply npy, 2 threads', () => timed(2, () => applyFile(npy))],
    ['read and write parquet', () => timed(1, copyParquet)],
    ['apply parquet, 1 thread', () => timed(1, () => applyFile(parquet))],
    ...peers.tasks.map((task): [string, () => Promise<number>] => [
      `${task}, 1 thread`,
      () => peers.run(task, 1),
    ]),
  ]
  const times = tasks.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, [, run]] of tasks.entries()) times[i].push(await settled(run))
  peers.close()
  console.log(`[${ROWS}, ${FEATURES}] float32, ${ROUNDS} rounds: median (least to most), ms`)
  for (const [i, [name]] of tasks.entries()) {
    const ms = [median(times[i]), Math.min(...times[i]), Math.max(...times[i])].map((each) =>
      (each * MS).toFixed(0),
    )
    console.log(`  ${name.padEnd(28)}${ms[0].padStart(8)}   (${ms[1]} to ${ms[2]})`)
  }
  memory()
}

async function makeFiles(): Promise<void> {
  const random = new Random(1)
  // One block of numbers again and again, because a random number takes longer than all that is timed here.
  const block = {
    data: new Float32Array(4096 * FEATURES).map(() => random.normal() * 3 + 1),
    shape: [4096, FEATURES],
  }
  const names = Array.from({ length: FEATURES }, (_, i) => `f${i}`)
  for (const path of [npy, parquet]) {
    const writer = await openWriter(path, { type: 'float32', rowShape: [FEATURES], rows: ROWS, names })
    for (let row = 0; row < ROWS; row += block.shape[0]) {
      const rows = Math.min(block.shape[0], ROWS - row)
      await writer.write({ data: block.data.subarray(0, rows * FEATURES), shape: [rows, FEATURES] })
    }
    await writer.commit()
  }
}

/** The seconds of an action. Outputs of an earlier one are removed before. */
async function timed(threads: number, action: () => unknown): Promise<number> {
  setThreads(threads)
  rmSync(outputs, { recursive: true, force: true })
  const start = performance.now()
  await action()
  return (performance.now() - start) / MS
}

function read(): void {
  const file = openSync(npy, 'r')
  const buffer = new Uint8Array(READ_BYTES)
  while (readSync(file, buffer) > 0);
  closeSync(file)
}

async function fitFile(path: string): Promise<void> {
  await jobs.fit(path, { out: join(folder, 'again.json'), restart: true })
}

async function applyFile(path: string): Promise<void> {
  await jobs.apply(path, { statistics: stats, to: outputs })
}

/** What apply does without computing. */
async function copyParquet(): Promise<void> {
  const reader = await openReader(parquet)
  const { rowShape, rows, names } = reader
  const writer = await openWriter(join(folder, 'copy.parquet'), { type: 'float32', rowShape, rows, names })
  for await (const chunk of reader.chunks(2 ** 20 / FEATURES)) await writer.write(chunk)
  await writer.commit()
  await reader.close()
}

/** The peak memory of the commands on a large file, beside that of Node alone. The file has holes, and takes no disk. */
function memory(): void {
  const rows = Number(options.memoryRows)
  const large = join(folder, 'large.npy')
  const header = encodeNpyHeader('float32', [rows, FEATURES])
  const file = openSync(large, 'w')
  writeSync(file, header)
  ftruncateSync(file, header.length + rows * FEATURES * Float32Array.BYTES_PER_ELEMENT)
  closeSync(file)
  const command = fileURLToPath(new URL('../../dist/esm/cli/main.js', import.meta.url))
  const runs: [string, string[]][] = [
    ['node alone', ['-e', '0']],
    ['fit', [command, 'fit', large, '--out', join(folder, 'large.json')]],
    ['apply --norm layer', [command, 'apply', large, '--norm', 'layer', '--to', join(folder, 'large')]],
  ]
  const hook = join(folder, 'peak.cjs')
  // Not resourceUsage().maxRSS, because that begins with the memory of the process which started this one.
  const status = "require('node:fs').readFileSync('/proc/self/status', 'utf8')"
  const tell = `process.on('exit', () => console.error(/VmHWM:\\s*(\\d+)/.exec(${status})[1]))`
  writeFileSync(hook, tell)
  console.log(`peak memory, ${((rows * FEATURES * 4) / 1e9).toFixed(1)} GB, MB`)
  for (const [name, args] of runs) {
    const { status: code, stderr } = spawnSync(process.execPath, ['--require', hook, ...args])
    const kilobytes = Number(stderr.toString().trim().split('\n').at(-1))
    console.log(
      `  ${name.padEnd(28)}${((kilobytes * 1024) / MEGABYTE).toFixed(0).padStart(8)}   (exit code ${code})`,
    )
  }
}

await main()
