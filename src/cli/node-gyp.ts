import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fail } from '../errors.js'
import { type Ended, run } from './child.js'

/** The output of node-gyp, make and compilers if something is missing, and the message to print instead. */
const FAILURES: readonly (readonly [sign: RegExp, problem: string, remedy: string])[] = [
  // Without ERR!, node-gyp says where it found them.
  [
    /ERR! find Python/,
    'node-gyp found no Python',
    'install Python 3 (Debian and Ubuntu: apt install python3)',
  ],
  [/ERR! find VS/, 'node-gyp found no Visual Studio', 'install its C++ build tools'],
  [
    /Cannot find module 'node-addon-api'/,
    'there is no node-addon-api, a dependency of evenkeel with headers that the addon includes',
    'install it (npm install node-addon-api@8)',
  ],
  [/not found: make/, 'there is no make', 'install it (Debian and Ubuntu: apt install make g++)'],
  [
    /(make|sh).*\W(g\+\+|c\+\+|clang\+\+|cc): (No such file|not found)/,
    'there is no C++ compiler',
    'install one for C++17 (Debian and Ubuntu: apt install g++), or name it in the variable CXX',
  ],
  [
    /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|(status|response) (code )?\d{3}.*headers/i,
    "Node's headers could not be downloaded",
    'set npm_config_nodedir to the folder that holds include/node',
  ],
  [/ENOSPC|No space left/, 'the disk is full', 'make room'],
]

interface Settings {
  readonly signal: AbortSignal
  readonly onOutput: (text: string) => void
}

/** Compiles `folder` with node-gyp and writes its output to the file `log`. Throws if it does not compile. */
export async function compile(who: string, folder: string, log: string, settings: Settings): Promise<void> {
  const prefix = dirname(dirname(process.execPath))
  const args = ['rebuild', '--jobs=max']
  // With the headers that come with Node, node-gyp need not download them.
  const hasHeaders = existsSync(join(prefix, 'include/node/node_api.h'))
  if (hasHeaders && process.env.npm_config_nodedir === undefined) args.push(`--nodedir=${prefix}`)
  const script = nodeGypScript(prefix)
  // gyp runs `node` for what native/addon.gypi asks.
  const PATH = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter)
  const inFolder = { cwd: folder, env: { ...process.env, PATH }, ...settings }
  const ended =
    script === null
      ? await run('node-gyp', args, inFolder)
      : await run(process.execPath, [script, ...args], inFolder)
  if (ended.error?.code === 'ENOENT') {
    fail(
      'EVENKEEL_BACKEND',
      who,
      'there is no node-gyp, which comes with npm',
      'run it by npm (`npx evenkeel build`), or install node-gyp',
    )
  }
  writeFileSync(log, `${ended.error ?? ''}\n${ended.output}`)
  if (ended.status !== 0) explain(who, ended, log)
}

/**
 * The path of node-gyp's script. npm passes the path of its own node-gyp to the programs that it runs. Otherwise it
 * lies beside Node, or in a folder of the PATH. Null if it is in none of these places; the program `node-gyp` may still
 * exist.
 */
function nodeGypScript(prefix: string): string | null {
  const script = 'node_modules/node-gyp/bin/node-gyp.js'
  const inNpm = join('node_modules/npm', script)
  const places = [
    process.env.npm_config_node_gyp,
    join(prefix, 'lib', inNpm),
    join(dirname(process.execPath), inNpm),
    // On Windows such a folder has a .cmd, which only a shell can run, and the package beside it.
    ...(process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, script)),
  ]
  return places.find((place) => place !== undefined && existsSync(place)) ?? null
}

function explain(who: string, { output }: Ended, log: string): never {
  const known = FAILURES.find(([sign]) => sign.test(output))
  fail(
    'EVENKEEL_BACKEND',
    who,
    known ? known[1] : 'it did not compile',
    known ? `${known[2]}; the full output is in ${log}` : `see ${log}`,
  )
}
