import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PREBUILT } from '../support/package.js'
import { type Environment, isRoot, NOBODY, report, type Scene } from './environment.js'

// Limits and unusual conditions of a process, with a good binary.

const only = PREBUILT !== null
const native = { backend: 'native', errors: [], hint: null } as const
const [major] = process.versions.node.split('.').map(Number)
/** Since Node 23.5 the name has no prefix. */
const PERMISSION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission'

/** Whether threads may be bound to CPU 0 and to CPU 1. */
const canBind = only && /^Cpus_allowed_list:\s*0-/m.test(readFileSync('/proc/self/status', 'utf8'))

/** Loads a module before the package. */
const preload = (source: string) => ({
  arrange: ({ project }: Scene) => writeFileSync(join(project, 'preload.cjs'), source),
  node: ({ project }: Scene) => ['--require', join(project, 'preload.cjs')],
})

/** Hides /proc, and replaces Node's report by this one. */
const withoutProc = (report: string) =>
  preload(`
    const fs = require('node:fs')
    const { openSync } = fs
    fs.openSync = (path, ...rest) => {
      if (String(path).startsWith('/proc')) throw Object.assign(new Error('no /proc'), { code: 'ENOENT' })
      return openSync(path, ...rest)
    }
    Object.defineProperty(process, 'report', { value: ${report} })
  `)

/** Runs `code` in a worker. The main thread never loads the package. */
const inWorker = (code: string, options = '{}') => `
const { Worker } = require('node:worker_threads')
const worker = new Worker(${JSON.stringify(code)}, { eval: true, ...${options} })
worker.on('error', (error) => console.log(JSON.stringify({ error: error.message })))
`
const byRequire = report((name) => `require('${name}')`)

export const processes: readonly Environment[] = [
  {
    name: '--no-addons',
    only,
    node: ['--no-addons'],
    expected: {
      backend: 'portable',
      errors: [/this process may load no addons; start it without --no-addons, or with --allow-addons/],
      hint: /^evenkeel: runs on the portable backend, .*may load no addons/,
    },
  },
  {
    name: 'the permission model',
    only,
    node: [PERMISSION, '--allow-fs-read=*'],
    expected: {
      backend: 'portable',
      errors: [/may load no addons; .* with --allow-addons/],
      hint: /may load no addons/,
    },
  },
  {
    name: 'the permission model that allows addons',
    only,
    node: [PERMISSION, '--allow-fs-read=*', '--allow-addons'],
    expected: { backend: 'native', errors: [] },
  },
  {
    name: 'the permission model that allows reading the package only',
    only,
    node: ({ project, root }) => [
      PERMISSION,
      '--allow-addons',
      `--allow-fs-read=${join(project, 'main.cjs')}`,
      `--allow-fs-read=${join(root, '*')}`,
    ],
    expected: { backend: 'native', errors: [] },
  },
  {
    name: 'the permission model that allows no reading at all',
    node: [PERMISSION],
    expected: { refused: /ERR_ACCESS_DENIED/ },
  },
  {
    name: 'a policy with another hash for the binary',
    only: only && major < 22,
    arrange: ({ project, binary }) => {
      const scopes = { 'file:///': { integrity: true, dependencies: true } }
      const resources = {
        [`file://${binary}`]: { integrity: `sha384-${'A'.repeat(64)}`, dependencies: true },
      }
      writeFileSync(join(project, 'policy.json'), JSON.stringify({ scopes, resources }))
    },
    node: ({ project }) => ['--experimental-policy', join(project, 'policy.json')],
    expected: { backend: 'portable', errors: [/prebuilds.*integrity/] },
  },
  {
    name: 'a working directory that is gone',
    only,
    shell: 'mkdir gone && cd gone && rmdir ../gone',
    expected: native,
  },
  {
    name: 'another user, who may write nowhere in it',
    only: only && isRoot,
    uid: NOBODY,
    expected: native,
  },
  {
    name: 'a limit on memory that leaves little beside Node',
    only,
    shell: 'ulimit -v 2000000',
    expected: native,
  },
  ...(['pool', 'openmp'] as const).map((threading, i) => ({
    name: `fewer threads than are asked for, by ${threading}`,
    only: only && isRoot,
    // The limit is for all processes of a user, so each has a user that no other test uses.
    uid: NOBODY - 1 - i,
    // Node starts with seven threads. An asynchronous call needs the four of libuv's pool, and libuv would end the
    // process without them. OpenMP would end it without one of its own.
    shell: 'ulimit -u 18',
    env: { EVENKEEL_THREADS: '64', EVENKEEL_THREADING: threading },
    script: report(
      (name) => `require('${name}')`,
      `const { LayerNorm, tensor } = require('evenkeel')
      const norm = new LayerNorm(64)
      norm.forward(tensor(new Float32Array(2 ** 22), [2 ** 16, 64]))
      await norm.forwardAsync(tensor(new Float32Array(64), [1, 64]))`,
    ),
    expected: native,
  })),
  {
    name: 'places of OpenMP: its threads are bound to them, and none of Node is',
    only: only && canBind,
    env: {
      ...{ EVENKEEL_THREADING: 'openmp', EVENKEEL_THREADS: '4' },
      ...{ OMP_PROC_BIND: 'close', OMP_PLACES: '{0},{1}' },
    },
    script: report(
      (name) => `require('${name}')`,
      `const { readdirSync, readFileSync } = require('node:fs')
      const { LayerNorm, tensor } = require('evenkeel')
      // The CPUs of each thread. One may end meanwhile.
      const cpus = () => readdirSync('/proc/self/task').flatMap((id) => {
        try {
          return [[id, /Cpus_allowed_list:\\s*(\\S+)/.exec(readFileSync('/proc/self/task/' + id + '/status', 'utf8'))[1]]]
        } catch {
          return []
        }
      })
      const before = new Map(cpus())
      const norm = new LayerNorm(64)
      norm.forward(tensor(new Float32Array(2 ** 22), [2 ** 16, 64]))
      await norm.forwardAsync(tensor(new Float32Array(64), [1, 64]))
      const after = cpus()
      const moved = after.filter(([id, list]) => before.has(id) && before.get(id) !== list)
      const bound = after.filter(([, list]) => list === '0' || list === '1').map(([, list]) => list).sort()
      if (moved.length > 0 || bound.join() !== '0,0,1') throw new Error(JSON.stringify({ moved, bound }))`,
    ),
    expected: native,
  },
  { name: 'one open file more than Node needs', only, shell: 'ulimit -n 24', expected: native },
  {
    name: '--frozen-intrinsics',
    only,
    node: ['--frozen-intrinsics'],
    expected: { backend: 'native', errors: [] },
  },
  {
    name: 'no code from strings',
    only,
    node: ['--disallow-code-generation-from-strings'],
    expected: native,
  },
  {
    name: '--jitless',
    only,
    node: ['--jitless', '--no-expose-wasm'],
    expected: { backend: 'native', errors: [] },
  },
  { name: '--disable-proto=throw', only, node: ['--disable-proto=throw'], expected: native },
  {
    name: 'a polluted Object.prototype',
    only,
    ...preload(`
      for (const name of ['addon', 'reason', 'binary', 'out', 'evil', 'memory'])
        Object.prototype[name] = 'polluted'
    `),
    expected: { backend: 'native', errors: [] },
  },
  {
    name: 'a polluted Array.prototype',
    only,
    ...preload('Array.prototype.evil = () => {}'),
    expected: native,
  },
  {
    name: 'no process.report, and no /proc',
    only,
    ...withoutProc('undefined'),
    expected: native,
  },
  {
    name: 'a report that knows no glibc, and no /proc: musl',
    only,
    ...withoutProc('{ getReport: () => ({ header: {} }) }'),
    expected: {
      backend: 'portable',
      errors: [/evenkeel\.musl\.node: (it is not there|there is none for this platform)/],
    },
  },
  {
    name: 'a platform without a prebuilt binary',
    ...preload("Object.defineProperty(process, 'arch', { value: 'riscv64' })"),
    expected: {
      backend: 'portable',
      errors: [/^prebuilds\/\w+-riscv64\/.*: there is none for this platform; `npx evenkeel build`/],
    },
  },
  { name: 'a worker only', only, script: inWorker(byRequire), expected: native },
  {
    name: "a worker only, on OpenMP's threads",
    only,
    env: { EVENKEEL_THREADING: 'openmp' },
    script: inWorker(byRequire),
    expected: native,
  },
  {
    name: 'a worker without environment and with little memory',
    only,
    script: inWorker(byRequire, '{ env: {}, resourceLimits: { maxOldGenerationSizeMb: 32 } }'),
    expected: native,
  },
  {
    name: 'workers only, without a binary: no warnings',
    arrange: ({ root }) => rmSync(join(root, 'prebuilds'), { recursive: true, force: true }),
    script: inWorker(byRequire),
    expected: { backend: 'portable', hint: null },
  },
]
