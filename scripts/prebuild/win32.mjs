// Windows. Uses Debian's MinGW-w64, and links its runtime in.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cached, run } from './debian.mjs'

const TRIPLET = 'x86_64-w64-mingw32'
const COMPILER = `${TRIPLET}-g++-posix`
/** Node-API is looked up at the first call (win32/delay_load.cc), so that the host program may have any name. */
const NODE_API = ['-lnode_api', '-ldelayimp']
const { symbols } = createRequire(import.meta.url)('node-api-headers')

export const win32 = {
  packages: ['g++-mingw-w64-x86-64-posix'],
  prepare() {
    const imports = cached('win32', makeImportLibrary)
    return {
      compiler: COMPILER,
      linker: () => [COMPILER],
      // GCC spills vectors with aligned moves, but Windows does not align the stack for them (GCC's bug 54412).
      compileFlags: ['-Wa,-muse-unaligned-vector-move'],
      linkFlags: [
        '-shared',
        '-static',
        '-Wl,--gc-sections',
        '-Wl,--no-insert-timestamp',
        // MinGW runs the destructor of a thread_local on freed memory (runtime/scratch.cc). With this flag, such code
        // does not link.
        '-Wl,--wrap=__cxa_thread_atexit',
        `-L${imports}`,
        ...NODE_API,
      ],
      sources: ['scripts/prebuild/win32/delay_load.cc'],
      folder: join(imports, 'evenkeel'),
    }
  },
}

function makeImportLibrary(folder) {
  const { js_native_api_symbols, node_api_symbols } = symbols.v8
  const definition = join(folder, 'node_api.def')
  writeFileSync(
    definition,
    ['NAME node.exe', 'EXPORTS', ...js_native_api_symbols, ...node_api_symbols].join('\n'),
  )
  run([`${TRIPLET}-dlltool`, '--input-def', definition, '--output-delaylib', join(folder, 'libnode_api.a')])
}
