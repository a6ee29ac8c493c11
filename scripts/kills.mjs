// Kills fit and apply at random moments, runs them again until they end, and compares the results with those of runs
// that nobody killed: npm run kills -- --count 200.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argv, execPath } from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

/** Files of [rows, 8, 131072] bytes: each row is a chunk of its own. The first one has two pieces, and is for fit. */
const FILES = [66, 2, 2, 2, 2, 2, 2]
const ROW_BYTES = 2 ** 20
const HEADER_BYTES = 128
const PREFIX_BYTES = 10

function writeInputs(folder) {
  mkdirSync(folder)
  for (const [i, rows] of FILES.entries()) {
    const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${rows}, 8, 131072), }`
    const bytes = Buffer.alloc(HEADER_BYTES + rows * ROW_BYTES, ' ')
    bytes.write('\x93NUMPY\x01\x00', 'latin1')
    bytes.writeUInt16LE(HEADER_BYTES - PREFIX_BYTES, PREFIX_BYTES - 2)
    bytes.write(header, PREFIX_BYTES)
    for (let at = HEADER_BYTES; at < bytes.length; at++) bytes[at] = (at * (i + 3)) >>> 7
    writeFileSync(join(folder, `${i}.npy`), bytes)
  }
}

/** Runs a command. With `milliseconds`, it is killed after that time, unless it has ended. */
function run(command, args, milliseconds) {
  return new Promise((resolve, reject) => {
    const child = spawn(execPath, [...command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
    let stderr = ''
    child.stderr.on('data', (text) => {
      stderr += text
    })
    const timer =
      milliseconds === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), milliseconds)
    child.on('error', reject)
    child.on('close', (status, signal) => {
      clearTimeout(timer)
      if (status === 0 || signal === 'SIGKILL') resolve(signal === 'SIGKILL')
      else reject(new Error(`evenkeel ${args.join(' ')} ended with ${status ?? signal}: ${stderr}`))
    })
  })
}

/** All files of a folder with their bytes, but the manifest, whose lines have times. */
function contentOf(folder) {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('evenkeel-manifest'))
    .sort()
    .map((name) => [name, readFileSync(join(folder, name))])
}

function differences(actual, expected) {
  const names = (content) => content.map(([name]) => name).join(', ')
  if (names(actual) !== names(expected)) return `the files are ${names(actual)}, and not ${names(expected)}`
  const differs = actual.find(([, bytes], i) => !bytes.equals(expected[i][1]))
  return differs === undefined ? null : `${differs[0]} has other bytes`
}

/**
 * Kills jobs `count` times, fit and apply in turn. After each kill the same command runs to its end.
 * @param command what is run: a script and its loader, for Node
 * @returns how many kills met a running job, and what was wrong.
 */
export async function killJobs(command, count, tell = () => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-kills-'))
  const at = (name) => join(folder, name)
  const results = { kills: 0, met: 0, faults: [] }
  try {
    writeInputs(at('in'))
    const jobs = [
      (to) => ['fit', at('in/*.npy'), '--axis', '1', '--out', join(to, 'stats.json'), '--quiet'],
      (to) => [
        'apply',
        at('expected0/stats.json'),
        at('in/*.npy'),
        '--to',
        to,
        '--dtype',
        'float16',
        '--quiet',
      ],
    ]
    const times = []
    for (const [i, job] of jobs.entries()) {
      mkdirSync(at(`expected${i}`))
      const started = performance.now()
      await run(command, job(at(`expected${i}`)))
      times.push(performance.now() - started)
    }
    const expected = jobs.map((_, i) => contentOf(at(`expected${i}`)))
    for (let kill = 0; kill < count; kill++) {
      const i = kill % jobs.length
      const to = at('out')
      mkdirSync(to)
      if (await run(command, jobs[i](to), Math.random() * times[i])) results.met++
      await run(command, jobs[i](to))
      const difference = differences(contentOf(to), expected[i])
      if (difference !== null) results.faults.push(`kill ${kill}: ${difference}`)
      rmSync(to, { recursive: true })
      results.kills++
      tell(results)
    }
    return results
  } catch (error) {
    results.faults.push(error.message)
    return results
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href) {
  const { values } = parseArgs({ options: { count: { type: 'string', default: '200' } } })
  const main = fileURLToPath(new URL('../dist/esm/cli/main.js', import.meta.url))
  const tell = ({ kills, faults }) =>
    kills % 10 === 0 && console.log(`${kills} kills, ${faults.length} faults`)
  const { kills, met, faults } = await killJobs([main], Number(values.count), tell)
  for (const fault of faults) console.log(fault)
  console.log(`${kills} kills, ${met} of them before the job had ended: ${faults.length} faults`)
  process.exitCode = faults.length === 0 && kills > 0 ? 0 : 1
}
