// Bun for musl in a root that has musl's loader and no other C library. No Node for musl comes from npm.
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
      // Bun's own `add` wants more of a system than there is.
      const install = ['npm', ...NPM_INSTALL]
      return { root, project, runtime: ['chroot', root, '/bin/bun'], install, installer: 'npm outside' }
    },
  },
]

/**
 * Debian's musl, and Bun, which wants libstdc++ and libgcc: Debian has them for glibc only. They run on musl with the
 * few names of glibc that they use besides; what a shim gives is enough for Bun, and the addon brings its own libstdc++.
 */
function makeRoot(root, store) {
  if (!existsSync(LOADER)) throw new Error(`${LOADER} is missing: apt-get install musl`)
  for (const folder of ['bin', 'lib', 'tmp']) mkdirSync(join(root, folder))
  const lib = join(root, 'lib')
  copyFileSync(LOADER, join(lib, 'ld-musl-x86_64.so.1'))
  symlinkSync('ld-musl-x86_64.so.1', join(lib, 'libc.musl-x86_64.so.1'))
  // Debian 11's libgcc finds unwind tables in a way that musl has; Bun needs the newer libstdc++.
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
