// Windows: Debian's MinGW-w64, with its runtime linked in.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cached, run } from './debian.mjs'

const TRIPLET = 'x86_64-w64-mingw32'
const COMPILER = `${TRIPLET}-g++-posix`
/** Looked up at the first call (win32/delay_load.cc), so that the host may have any name. */
const NODE_API = ['-lnode_api', '-ldelayimp']
const { symbols } = createRequire(import.meta.url)('node-api-headers')

export const win32 = {
  packages: ['g++-mingw-w64-x86-64-posix'],
  prepare() {
    const imports = cached('win32', makeImportLibrary)
    return {
      compiler: COMPILER,
      linker: () => [COMPILER],
      // GCC spills vectors by aligned moves, for which Windows does not align the stack (GCC's bug 54412).
      compileFlags: ['-Wa,-muse-unaligned-vector-move'],
      linkFlags: [
        '-shared',
        '-static',
        '-Wl,--gc-sections',
        '-Wl,--no-insert-timestamp',
        // No thread_local with a destructor, which MinGW runs on freed memory (runtime/scratch.cc): it would not link.
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
