// Bun for musl, in a root with musl's loader and no other C library. npm has no Node for musl.
import { copyFileSync, existsSync, mkdirSync, realpathSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { must } from '../processes.mjs'
import { emptyProject } from '../store.mjs'
import { NPM_INSTALL } from './glibc.mjs'

const BUN = '1.4.5'
const LOADER = '/lib/x86_64-linux-musl/libc.so'
const SHIM = fileURLToPath(new URL('glibc-names.c', import.meta.url))

export const MUSL = [
  {
    id: 'musl-bun',
    title: `Bun ${BUN}`,
    system: 'linux-x64, musl',
    binary: 'prebuilds/linux-x64/evenkeel.musl.node',
    offThread: false,
    prepare(store) {
      const root = store.once('roots/musl', (folder) => makeRoot(folder, store))
      const project = `${root}/project`
      emptyProject(project)
      // Bun's own `add` needs more of the system than this root has.
      const install = ['npm', ...NPM_INSTALL]
      return { root, project, runtime: ['chroot', root, '/bin/bun'], install, installer: 'npm outside' }
    },
  },
]

/**
 * Debian's musl, and Bun. Bun needs libstdc++ and libgcc, which Debian has for glibc only. They run on musl if a shim
 * provides the few functions of glibc that they use. The shim is sufficient for Bun. The addon has its own libstdc++.
 */
function makeRoot(root, store) {
  if (!existsSync(LOADER)) throw new Error(`${LOADER} is missing: apt-get install musl`)
  for (const folder of ['bin', 'lib', 'tmp']) mkdirSync(join(root, folder))
  const lib = join(root, 'lib')
  copyFileSync(LOADER, join(lib, 'ld-musl-x86_64.so.1'))
  symlinkSync('ld-musl-x86_64.so.1', join(lib, 'libc.musl-x86_64.so.1'))
  // libgcc is Debian 11's, because it finds unwind tables in a way that works with musl. Bun needs the newer libstdc++.
  copyFileSync(
    realpathSync(join(store.debian('bullseye'), 'lib/x86_64-linux-gnu/libgcc_s.so.1')),
    join(lib, 'libgcc_s.so.1'),
  )
  copyFileSync(
    realpathSync(join(store.debian('bookworm'), 'usr/lib/x86_64-linux-gnu/libstdc++.so.6')),
    join(lib, 'libstdc++.so.6'),
  )
  must(['gcc', '-shared', '-fPIC', '-nostdlib', '-O1', '-o', join(lib, 'ld-linux-x86-64.so.2'), SHIM])
  copyFileSync(join(store.unpacked('@oven/bun-linux-x64-musl', BUN), 'bin/bun'), join(root, 'bin/bun'))
}
