import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { PREBUILT } from '../support/package.js'
import type { Environment } from './environment.js'

// Values of the environment variables.

const only = PREBUILT !== null
const native = { backend: 'native', errors: [], hint: null } as const
const isX64 = process.arch === 'x64'

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
