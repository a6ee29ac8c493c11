import { execFile } from 'node:child_process'
import { chmodSync, cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newFolder } from '../support/package.js'

/** A project with the installed package. An environment puts a fault into it. */
export interface Scene {
  /** The folder of the project. */
  readonly project: string
  /** The folder of the package. */
  readonly root: string
  /** The prebuilt binary for this machine. */
  readonly binary: string
}

/** A fault, and the result that is expected. */
export interface Environment {
  readonly name: string
  /**
   * Whether it can run here. It may need a prebuilt binary, another user, or an option that this version of Node has.
   */
  readonly only?: boolean
  arrange?(scene: Scene): void
  /** Options of Node. */
  readonly node?: readonly string[] | ((scene: Scene) => readonly string[])
  /** Changes of this process's environment. undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The script that the process runs in the project's folder. The default requires the package. */
  readonly script?: string
  /** A shell command that runs first, before the command of the process ("$@"). */
  readonly shell?: string
  /** The user of the process, for faults of access rights, which root does not see. */
  readonly uid?: number
  readonly expected: Expected
}

export type Expected =
  /**
   * It runs on this backend with the right bits. `errors` are all of info().loadErrors, `hint` is the warning on
   * stderr.
   */
  | {
      readonly backend: 'native' | 'portable'
      readonly errors?: readonly RegExp[]
      readonly hint?: RegExp | null
    }
  /** Loading the package throws this message. */
  | { readonly error: RegExp }
  /** Node ends the process with this on stderr, before it loads the package. */
  | { readonly refused: RegExp }

export interface Outcome {
  /** The exit code, or the signal that ended the process. */
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

/** The user `nobody` of every Linux, for tests as another user. */
export const NOBODY = 65534
export const isRoot = process.getuid?.() === 0

/** Loads the package by `load`, runs the self-test on the chosen backend, then runs `also`, and prints the results. */
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

/** Makes a project with a copy of the package, without its dependency, and arranges the fault of the environment. */
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
