// Builds one prebuilt binary on Debian 12, twice, and checks it (docs/releasing.md):
//
//   node scripts/prebuild/build.mjs <target>
//
// It uses the sources and flags of native/build.json, as a source build does. As root, it installs the packages that it
// needs.
import { execFile } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { writeChecksum } from '../../native/checksum.cjs'
import { bullseyeArm64, bullseyeX64 } from './bullseye.mjs'
import { check } from './check.mjs'
import { needPackages, run, stop } from './debian.mjs'
import { musl } from './musl.mjs'
import { TARGETS } from './targets.mjs'
import { win32 } from './win32.mjs'

const TOOLCHAINS = {
  'linux-x64-glibc': bullseyeX64,
  'linux-arm64-glibc': bullseyeArm64,
  'linux-x64-musl': musl,
  'win32-x64': win32,
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const { sources, defines, flags } = JSON.parse(readFileSync(join(root, 'native/build.json'), 'utf8'))
/** Each function gets a section of its own, so that the linker can remove functions that are not called. */
const SECTIONS = ['-ffunction-sections', '-fdata-sections']
/** The linker removes the symbols, because `strip` would write the time into the file. */
const STRIPPED = '-Wl,--strip-all'
const BINARY = 'evenkeel.node'

/** Compiles and links in a folder of its own. Returns the bytes of the binary. */
async function build(tools, folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const { include_dir } = createRequire(import.meta.url)('node-api-headers')
  cpSync(include_dir, join(folder, 'include'), { recursive: true })
  for (const path of ['native', 'scripts/prebuild'])
    cpSync(join(root, path), join(folder, path), { recursive: true })
  const compile = [
    ...[tools.compiler, ...Object.values(flags).flat(), ...tools.compileFlags, ...SECTIONS],
    ...defines.map((name) => `-D${name}`),
    ...['-Inative', '-Iinclude'],
  ]
  const objects = [...Object.values(sources).flat(), ...tools.sources].map((source) => {
    const object = `${basename(source, '.cc')}.o`
    return { object, command: [...compile, '-c', source, '-o', object] }
  })
  await inParallel(
    objects.map(({ command }) => command),
    folder,
  )
  const inputs = objects.map(({ object }) => object)
  run([...tools.linker(folder), ...inputs, ...tools.linkFlags, STRIPPED, '-o', BINARY], { cwd: folder })
  return readFileSync(join(folder, BINARY))
}

async function inParallel(commands, cwd) {
  const waiting = [...commands]
  const worker = async () => {
    for (let command = waiting.shift(); command; command = waiting.shift()) {
      const [program, ...args] = command
      const { stderr } = await promisify(execFile)(program, args, { cwd }).catch((error) =>
        stop(error.message),
      )
      if (stderr) console.warn(stderr)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
}

const name = process.argv[2]
const toolchain = TOOLCHAINS[name]
if (!toolchain) stop(`no target ${name ?? 'given'}; Debian makes ${Object.keys(TOOLCHAINS).join(', ')}`)
needPackages(toolchain.packages)
const tools = toolchain.prepare()
const first = join(tools.folder, 'first')
const bytes = await build(tools, first)
// The second build is in another folder. The name of the folder must not change the binary.
const again = await build(tools, join(tools.folder, 'second'))
if (!bytes.equals(again)) stop(`${name}: two builds differ`)
const file = join(root, TARGETS[name].file)
mkdirSync(dirname(file), { recursive: true })
copyFileSync(join(first, BINARY), file)
writeChecksum(file)
if (!check(name, root)) process.exitCode = 1
