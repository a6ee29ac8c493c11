import { execFile } from 'node:child_process'
import { chmodSync, cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from '../support/package.js'

/** A project that has the package installed, for one environment to spoil. */
export interface Scene {
  /** The project's folder. */
  readonly project: string
  /** The package's. */
  readonly root: string
  /** This machine's prebuilt binary. */
  readonly binary: string
}

/** What is wrong, and what must come of it. */
export interface Environment {
  readonly name: string
  /** Not everywhere: needs a binary to spoil, or another user, or an option of Node's that this version has. */
  readonly only?: boolean
  arrange?(scene: Scene): void
  /** Options of Node. */
  readonly node?: readonly string[] | ((scene: Scene) => readonly string[])
  /** In addition to this process's environment; undefined removes. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** What the process runs instead of a module that requires the package, in the project's folder. */
  readonly script?: string
  /** A shell's line before the process, which is "$@". */
  readonly shell?: string
  /** As this user; for rights that root would not miss. */
  readonly uid?: number
  readonly expected: Expected
}

export type Expected =
  /** Runs on this backend with the right bits; `errors` are all of info().loadErrors, `hint` the line on stderr. */
  | {
      readonly backend: 'native' | 'portable'
      readonly errors?: readonly RegExp[]
      readonly hint?: RegExp | null
    }
  /** Loading throws this message. */
  | { readonly error: RegExp }
  /** The process ends by itself with this on stderr, before the package is asked. */
  | { readonly refused: RegExp }

export interface Outcome {
  /** Exit code, or the signal that ended the process. */
  readonly ended: number | string
  readonly stderr: string
  readonly printed: Printed | null
}

interface Printed {
  readonly backend?: string
  readonly errors?: readonly string[]
  readonly ok?: boolean
  readonly error?: string
}

/** For tests as another user: nobody's, on every Linux. */
export const NOBODY = 65534
export const isRoot = process.getuid?.() === 0

/** Loads the package by `load`, runs the self-test on the backend that was chosen, then `also`, and prints what came. */
export const report = (load: (name: string) => string, also = ''): string => `
const print = (value) => require('node:fs').writeSync(1, JSON.stringify(value) + '\\n')
const main = async () => {
  const [{ info, backends }, { selftest }] = await Promise.all([${load('evenkeel')}, ${load('evenkeel/selftest')}])
  const { backend, isa, loadErrors } = info()
  const name = isa === null ? backend : backend + '-' + isa
  const { ok } = await selftest({ backends: backends().filter((each) => each.name === name), quick: true })
  ${also}
  print({ backend, errors: loadErrors, ok })
}
main().catch((error) => print({ error: error.message }))
`
const BY_REQUIRE = report((name) => `require('${name}')`)

/** A project of its own with a copy of the package alone, without its dependency, as the environment has it. */
export function arrange({ arrange }: Environment, installed: string, prebuilt: string | null): Scene {
  const project = newFolder()
  const root = join(project, 'node_modules/evenkeel')
  cpSync(installed, root, { recursive: true })
  const scene = { project, root, binary: join(root, prebuilt ?? 'prebuilds/none') }
  arrange?.(scene)
  return scene
}

export function run(environment: Environment, scene: Scene): Promise<Outcome> {
  const { script = BY_REQUIRE, shell, uid, env } = environment
  const { project } = scene
  const main = join(project, 'main.cjs')
  writeFileSync(main, script)
  chmodSync(main, 0o644)
  const options = typeof environment.node === 'function' ? environment.node(scene) : (environment.node ?? [])
  const command = [process.execPath, ...options, main]
  const [program, ...args] =
    shell === undefined ? command : ['bash', '--norc', '-c', `${shell}; exec "$@"`, 'bash', ...command]
  const clean = { ...process.env, NODE_OPTIONS: undefined, EVENKEEL_BACKEND: undefined, ...env }
  return new Promise((resolve) => {
    execFile(program, args, { cwd: project, env: clean, uid, timeout: 120_000 }, (error, stdout, stderr) => {
      const printed = stdout.trim() === '' ? null : JSON.parse(stdout.trim().split('\n').at(-1)!)
      resolve({ ended: error ? (error.signal ?? error.code ?? 'not started') : 0, stderr, printed })
    })
  })
}
