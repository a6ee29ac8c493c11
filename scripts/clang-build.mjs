// Builds the addon with Clang, as `evenkeel build` does on a machine without GCC, and runs the self-test on it:
//
//   node scripts/clang-build.mjs
//
// It builds in a copy of the package and does not change build/Release. Warnings are errors. CXX selects another
// compiler.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { NODE_GYP } from './node-gyp.mjs'

/** Older versions accept code that Clang 16 and later refuse. */
const OLDEST = 16
const NEWEST = 22
const NAMES = ['clang++', ...Array.from({ length: NEWEST - OLDEST + 1 }, (_, i) => `clang++-${NEWEST - i}`)]

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = 'build/clang'
const compiler = process.env.CXX ?? NAMES.find((name) => versionOf(name) >= OLDEST)
if (compiler === undefined) {
  console.log(
    `clang build: SKIPPED, there is no Clang ${OLDEST} or newer here (Debian: apt-get install clang-19)`,
  )
  process.exit()
}

process.chdir(root)
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const each of ['package.json', 'binding.gyp', 'native', 'dist'])
  cpSync(each, `${folder}/${each}`, { recursive: true })
run([...NODE_GYP, 'rebuild', '--jobs=max', '--', '-Dwerror=true'], { CXX: compiler })
run([process.execPath, 'dist/esm/cli/main.js', 'selftest'], { EVENKEEL_BACKEND: 'native' })
console.log(`clang build: ${compiler} ${versionOf(compiler)} compiles the addon, which passes the self-test`)

/** The major version of a compiler. NaN if it is not installed. */
function versionOf(name) {
  const { stdout } = spawnSync(name, ['-dumpversion'], { encoding: 'utf8' })
  return Number.parseInt(stdout, 10)
}

function run([program, ...args], env) {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  if (status === 0) return
  console.error(`${stdout}\n${stderr}\nclang build: ${program} failed${error ? `: ${error.message}` : ''}`)
  process.exit(1)
}
