// Windows, by Debian's MinGW-w64. node-gyp knows Visual C++ only, so this program compiles the sources itself.
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { layOut, ROOT } from '../layout.mjs'
import { run, stop } from '../processes.mjs'
import { TARGETS } from '../targets.mjs'
import { cached, needPackages } from './debian.mjs'

const TRIPLET = 'x86_64-w64-mingw32'
const COMPILER = `${TRIPLET}-g++-posix`
const { symbols, include_dir } = createRequire(import.meta.url)('node-api-headers')
const { sources, defines, flags } = JSON.parse(readFileSync(join(ROOT, 'native/build.json'), 'utf8'))
const DELAY_LOAD = 'delay_load.cc'

const COMPILE = [
  COMPILER,
  ...Object.values(flags).flat(),
  ...['-ffunction-sections', '-fdata-sections'],
  // GCC spills vectors with aligned moves, but Windows does not align the stack for them (GCC's bug 54412).
  '-Wa,-muse-unaligned-vector-move',
  ...defines.map((name) => `-D${name}`),
  ...['native', include_dir, 'node_modules/node-addon-api'].map((path) => `-I${path}`),
]
const LINK = [
  ...['-shared', '-static', '-Wl,--gc-sections', '-Wl,--strip-all', '-Wl,--no-insert-timestamp'],
  // MinGW runs the destructor of a thread_local on freed memory (runtime/scratch.cc). With this flag, such code does not
  // link.
  '-Wl,--wrap=__cxa_thread_atexit',
  // Node-API is looked up at the first call (delay_load.cc), so that the host program may have any name.
  ...['-lnode_api', '-ldelayimp'],
]

export function win32() {
  needPackages(['g++-mingw-w64-x86-64-posix'])
  const imports = cached('win32', makeImportLibrary)
  return { folder: join(imports, 'evenkeel'), make: (folder) => make(folder, imports) }
}

function makeImportLibrary(folder) {
  const { js_native_api_symbols, node_api_symbols } = symbols.v8
  const definition = join(folder, 'node_api.def')
  const lines = ['NAME node.exe', 'EXPORTS', ...js_native_api_symbols, ...node_api_symbols]
  writeFileSync(definition, lines.join('\n'))
  run([`${TRIPLET}-dlltool`, '--input-def', definition, '--output-delaylib', join(folder, 'libnode_api.a')])
}

async function make(folder, imports) {
  layOut(folder)
  copyFileSync(fileURLToPath(new URL(DELAY_LOAD, import.meta.url)), join(folder, DELAY_LOAD))
  const files = [...Object.values(sources).flat(), DELAY_LOAD]
  const objectOf = (file) => `${basename(file, '.cc')}.o`
  await inParallel(
    files.map((file) => [...COMPILE, '-c', file, '-o', objectOf(file)]),
    folder,
  )
  const { file } = TARGETS['win32-x64']
  mkdirSync(join(folder, dirname(file)), { recursive: true })
  run([COMPILER, ...files.map(objectOf), `-L${imports}`, ...LINK, '-o', file], { cwd: folder })
  const code = run([`${TRIPLET}-objdump`, '--disassemble', file], { cwd: folder })
  if (/\bvmov(ap|dqa)\S* .*(\(.*[yz]mm|[yz]mm.*\()/.test(code))
    stop(`${file} moves vectors by aligned moves, for which Windows does not align the stack`)
  return join(folder, file)
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
