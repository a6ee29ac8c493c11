import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PREBUILT } from '../support/package.js'
import { type Environment, report, type Scene } from './environment.js'

// Values of the environment variables.

const only = PREBUILT !== null
const native = { backend: 'native', errors: [], hint: null } as const
const isX64 = process.arch === 'x64'

/** Puts a library in the project's folder that does not load. */
function breakLibgomp({ project }: Scene): void {
  writeFileSync(join(project, 'libgomp.so.1'), 'no library')
}

/** Reports as usual, unless info() is not as `condition` says. */
const expecting = (condition: string) =>
  report(
    (name) => `require('${name}')`,
    `const { threads, threading, threadings, openmp } = info()
    if (!(${condition})) throw new Error(JSON.stringify(info()))`,
  )

export const variables: readonly Environment[] = [
  {
    name: 'EVENKEEL_ISA of another CPU',
    only,
    env: { EVENKEEL_ISA: isX64 ? 'neon' : 'avx2' },
    expected: {
      error:
        /^EVENKEEL_ISA=\w+: this machine cannot run it \(it has .*scalar\); choose one of these, or unset/,
    },
  },
  {
    name: 'EVENKEEL_ISA that no CPU has',
    env: { EVENKEEL_ISA: 'mmx' },
    expected: { error: /^EVENKEEL_ISA=mmx: this machine cannot run it/ },
  },
  {
    name: 'EVENKEEL_ISA of an old CPU',
    only,
    env: { EVENKEEL_ISA: 'scalar' },
    expected: native,
  },
  {
    name: 'EVENKEEL_ISA without a binary',
    arrange: ({ root }) => rmSync(join(root, 'prebuilds'), { recursive: true, force: true }),
    env: { EVENKEEL_ISA: 'scalar' },
    expected: {
      error: /^EVENKEEL_ISA=scalar: this machine cannot run it \(it has none: the addon did not load\)/,
    },
  },
  ...['scalar', 'avx2', 'mmx'].map((isa) => ({
    name: `EVENKEEL_ISA=${isa} and EVENKEEL_BACKEND=portable, which has no instruction sets`,
    env: { EVENKEEL_ISA: isa, EVENKEEL_BACKEND: 'portable' },
    expected: {
      error: new RegExp(
        `^EVENKEEL_ISA=${isa}: contradicts EVENKEEL_BACKEND=portable: .*; unset one of the two`,
      ),
    },
  })),
  {
    name: 'EVENKEEL_THREADS and EVENKEEL_BACKEND=portable, which needs no more than one',
    env: { EVENKEEL_THREADS: '4', EVENKEEL_BACKEND: 'portable' },
    expected: { backend: 'portable', hint: null },
  },
  {
    name: 'a bogus EVENKEEL_BACKEND',
    env: { EVENKEEL_BACKEND: 'fastest' },
    expected: {
      error:
        /^EVENKEEL_BACKEND: must be 'native' or 'portable', got 'fastest'; unset it, and evenkeel chooses/,
    },
  },
  {
    name: 'a bogus EVENKEEL_THREADS',
    env: { EVENKEEL_THREADS: 'many' },
    expected: {
      error:
        /^EVENKEEL_THREADS=many: the number of threads must be a whole number from 1 to 1024, got 'many'/,
    },
  },
  {
    name: 'a bogus EVENKEEL_THREADING',
    env: { EVENKEEL_THREADING: 'team' },
    expected: {
      error: /^EVENKEEL_THREADING: must be 'pool' or 'openmp', got 'team'; unset it, and evenkeel chooses/,
    },
  },
  {
    name: 'EVENKEEL_THREADING=openmp and EVENKEEL_BACKEND=portable, which has no threads',
    env: { EVENKEEL_THREADING: 'openmp', EVENKEEL_BACKEND: 'portable' },
    expected: {
      error:
        /^EVENKEEL_THREADING=openmp: contradicts EVENKEEL_BACKEND=portable: only .*; unset one of the two/,
    },
  },
  {
    name: 'EVENKEEL_THREADING=pool and EVENKEEL_BACKEND=portable, which needs none',
    env: { EVENKEEL_THREADING: 'pool', EVENKEEL_BACKEND: 'portable' },
    expected: { backend: 'portable', hint: null },
  },
  {
    name: 'EVENKEEL_THREADING=openmp without a binary',
    arrange: ({ root }) => rmSync(join(root, 'prebuilds'), { recursive: true, force: true }),
    env: { EVENKEEL_THREADING: 'openmp' },
    expected: {
      error:
        /^EVENKEEL_THREADING: 'openmp' is not available here \(the addon did not load: .*\); correct that/,
    },
  },
  {
    name: 'EVENKEEL_THREADING=openmp without its library',
    only,
    arrange: breakLibgomp,
    env: { EVENKEEL_THREADING: 'openmp', LD_LIBRARY_PATH: '.' },
    expected: {
      error:
        /^EVENKEEL_THREADING: 'openmp' is not available here \(.*libgomp\.so\.1.*\); install it \(apt-get install libgomp1, .*, or unset it to use the thread pool\.$/,
    },
  },
  {
    name: "OpenMP's library is not there, and nobody asks for it",
    only,
    arrange: breakLibgomp,
    env: { LD_LIBRARY_PATH: '.' },
    script: expecting("threading === 'pool' && threadings.join() === 'pool' && openmp === null"),
    expected: native,
  },
  {
    name: 'EVENKEEL_THREADING=openmp',
    only,
    env: { EVENKEEL_THREADING: 'openmp', EVENKEEL_THREADS: '3' },
    script: expecting("threads === 3 && threading === 'openmp' && openmp === 'libgomp.so.1'"),
    expected: native,
  },
  {
    name: 'OMP_NUM_THREADS and EVENKEEL_THREADING=openmp',
    only,
    env: { EVENKEEL_THREADING: 'openmp', OMP_NUM_THREADS: '5', EVENKEEL_THREADS: undefined },
    script: expecting('threads === 5'),
    expected: native,
  },
  {
    name: 'OMP_NUM_THREADS and EVENKEEL_THREADS, which is the nearer one',
    only,
    env: { EVENKEEL_THREADING: 'openmp', OMP_NUM_THREADS: '5', EVENKEEL_THREADS: '3' },
    script: expecting('threads === 3'),
    expected: native,
  },
  {
    name: 'OMP_NUM_THREADS and the thread pool, which does not read it',
    only,
    env: { OMP_NUM_THREADS: '777', EVENKEEL_THREADS: undefined },
    script: expecting('threads < 777'),
    expected: native,
  },
  {
    name: 'more EVENKEEL_THREADS than a machine has',
    only,
    env: { EVENKEEL_THREADS: '1024' },
    expected: native,
  },
  {
    name: 'an empty environment',
    only,
    shell: 'for name in $(env | cut -d= -f1); do unset "$name"; done',
    expected: native,
  },
  { name: 'no HOME', only, env: { HOME: undefined }, expected: native },
]
