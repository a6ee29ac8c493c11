import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Threading } from '../../src/index.js'
import type { BenchCase } from './cases.js'
import { REPOSITORY } from './checkout.js'
import type { Command } from './child.js'

// Who is timed, and how each is started.

export interface Contender {
  /** As in --contenders and in the JSON. */
  readonly name: string
  readonly title: string
  /** Contenders of one process share it. */
  readonly process: string
  readonly command: Command
  /** Runs one thread whatever it is told: timed with one only. */
  readonly oneThread?: boolean
  /** About how long it takes for a byte of x, where that is so long that a large case would not end. */
  readonly nanosecondsPerByte?: (bench: BenchCase) => number
}

/** Why one is not here, and what would bring it. */
export interface Absent {
  readonly name: string
  readonly why: string
}

/** Where Debian and Ubuntu keep it; EVENKEEL_TCMALLOC names another place. */
const TCMALLOC_PLACES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (triple) => `/usr/lib/${triple}/libtcmalloc_minimal.so.4`,
)

/** This build of evenkeel, with `out`: whom all others are compared with. */
export const REFERENCE = 'evenkeel'
/** Another build of evenkeel, with `out`. */
export const BASELINE = 'baseline'
export const LIMIT = 'limit'
export const CONTENDER_NAMES = [
  REFERENCE,
  BASELINE,
  'evenkeel-allocating',
  'baseline-allocating',
  'evenkeel-workspace',
  'evenkeel-portable',
  LIMIT,
  'pytorch',
  'pytorch-tcmalloc',
  'onnxruntime',
  'tfjs-cpu',
  'tfjs-wasm',
] as const
export type ContenderName = (typeof CONTENDER_NAMES)[number]

/** What decides who can run here. */
interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  /** The directory of the baseline's build, where one is given. */
  readonly baseline?: string
  /** Whose threads run this build's calls; the baseline's are its own default's. */
  readonly threading?: Threading
}

/** Those that can run here, in the order of their names, and why the others cannot. */
export function findContenders(here: Surroundings): { present: Contender[]; absent: Absent[] } {
  const found = CONTENDER_NAMES.map((name) => FIND[name](here))
  const isHere = (each: Contender | Absent): each is Contender => 'command' in each
  return { present: found.filter(isHere), absent: found.filter((each): each is Absent => !isHere(each)) }
}

const FIND: Record<ContenderName, (here: Surroundings) => Contender | Absent> = {
  evenkeel: (here) => ours(REFERENCE, 'evenkeel, out', here),
  baseline: ({ baseline }) => before(BASELINE, 'baseline, out', baseline),
  'evenkeel-allocating': (here) => ours('evenkeel-allocating', 'evenkeel, allocating', here),
  'baseline-allocating': ({ baseline }) => before('baseline-allocating', 'baseline, allocating', baseline),
  'evenkeel-workspace': (here) => ours('evenkeel-workspace', 'evenkeel, workspace', here),
  'evenkeel-portable': () => ({
    ...build('evenkeel-portable', 'evenkeel, portable', REPOSITORY, { EVENKEEL_BACKEND: 'portable' }),
    oneThread: true,
    nanosecondsPerByte: () => 6,
  }),
  // Its copies run on the very arrays of evenkeel.
  limit: (here) => ({ ...ours(LIMIT, 'the limit', here), process: REFERENCE }),
  pytorch: ({ env }) => pytorch('pytorch', 'PyTorch', env),
  'pytorch-tcmalloc': ({ env }) => {
    const library = [env.EVENKEEL_TCMALLOC, ...TCMALLOC_PLACES].find((path) => path && existsSync(path))
    if (library === undefined) {
      return {
        name: 'pytorch-tcmalloc',
        why: 'apt-get install libtcmalloc-minimal4, or set EVENKEEL_TCMALLOC',
      }
    }
    return pytorch('pytorch-tcmalloc', 'PyTorch, tcmalloc', env, { LD_PRELOAD: library })
  },
  onnxruntime: () => {
    try {
      createRequire(import.meta.url).resolve('onnxruntime-node')
    } catch {
      return { name: 'onnxruntime', why: 'npm install --no-save onnxruntime-node' }
    }
    const command = script('onnxruntime.ts')
    return { name: 'onnxruntime', title: 'onnxruntime-node', process: 'onnxruntime', command }
  },
  'tfjs-cpu': () => tfjs('tfjs-cpu', 'tfjs cpu', 'cpu'),
  'tfjs-wasm': () => tfjs('tfjs-wasm', 'tfjs wasm', 'wasm'),
}

/** A worker of this directory, under the same TypeScript loader as this program. */
function script(file: string, args: readonly string[] = [], env: Record<string, string> = {}): Command {
  const path = fileURLToPath(new URL(`./workers/${file}`, import.meta.url))
  return { file: process.execPath, args: ['--import', 'tsx', path, ...args], env }
}

/** evenkeel as built in a directory. */
function build(
  name: ContenderName,
  title: string,
  directory: string,
  env: Record<string, string> = {},
): Contender {
  return { name, title, process: name, command: script('evenkeel.ts', [directory], env) }
}

function ours(name: ContenderName, title: string, { threading }: Surroundings): Contender {
  return build(name, title, REPOSITORY, threading && { EVENKEEL_THREADING: threading })
}

function before(name: ContenderName, title: string, directory: string | undefined): Contender | Absent {
  if (directory === undefined) return { name, why: '--baseline DIRECTORY, a checkout that was built' }
  return build(name, title, directory)
}

function pytorch(
  name: ContenderName,
  title: string,
  env: NodeJS.ProcessEnv,
  more: Record<string, string> = {},
): Contender | Absent {
  const { EVENKEEL_PYTHON: python } = env
  if (!python) return { name, why: 'EVENKEEL_PYTHON=python, one that has PyTorch' }
  const path = fileURLToPath(new URL('./workers/pytorch.py', import.meta.url))
  return { name, title, process: name, command: { file: python, args: [path], env: more } }
}

function tfjs(
  name: ContenderName,
  title: string,
  backend: keyof typeof TFJS_NANOSECONDS_PER_BYTE,
): Contender {
  const rates = TFJS_NANOSECONDS_PER_BYTE[backend]
  const nanosecondsPerByte = ({ layer, op }: BenchCase) => {
    const { forward, backward } = layer === 'BatchNorm' ? rates.batch : rates.rows
    return op === 'backward' ? backward : forward
  }
  return {
    name,
    title,
    process: name,
    command: script('tfjs.ts', [backend]),
    oneThread: true,
    nanosecondsPerByte,
  }
}

/** Measured on LayerNorm [32, 768] and [4096, 768] and BatchNorm [32, 56, 56, 64], on a Zen 3; backward with its forward. */
const TFJS_NANOSECONDS_PER_BYTE = {
  cpu: { rows: { forward: 80, backward: 900 }, batch: { forward: 120, backward: 500 } },
  wasm: { rows: { forward: 100, backward: 700 }, batch: { forward: 7, backward: 70 } },
}
