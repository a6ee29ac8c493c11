// Linux with an old glibc: the compilers of Debian 11, in a root of Debian 11. node-gyp, make and all else run outside.
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { byPrebuildify } from '../by-prebuildify.mjs'
import { nodeHeaders } from '../layout.mjs'
import { run, stop } from '../processes.mjs'
import { cached, isRoot, needPackages } from './debian.mjs'

/** The mirror for Debian 11. Without it, debootstrap uses its default. */
const MIRROR = process.env.EVENKEEL_DEBIAN_MIRROR
const COMPILERS = 'g++,g++-aarch64-linux-gnu'

export function glibc(name, triplet) {
  needPackages(['debootstrap', 'make', 'python3', `binutils-${triplet.replace('_', '-')}`])
  if (!isRoot()) stop('debootstrap and chroot need root')
  const root = cached('debian-11', makeRoot)
  const folder = join(root, 'evenkeel', triplet)
  mkdirSync(folder, { recursive: true })
  process.env.CXX = compilerIn(root, folder, `${triplet}-g++`)
  // For the compiler's files and for those that node-gyp gives it.
  process.env.TMPDIR = join(root, 'tmp')
  process.env.npm_config_nodedir = headersIn(folder)
  return { folder, make: (place) => byPrebuildify(name, place, { stripBin: `${triplet}-strip` }) }
}

function makeRoot(folder, root) {
  const mirror = MIRROR ? [MIRROR] : []
  run(['debootstrap', '--variant=minbase', `--include=${COMPILERS}`, 'bullseye', folder, ...mirror])
  // In the root, the root's own path leads to it too. Files in it so have the same path inside and outside.
  mkdirSync(join(folder, dirname(root)), { recursive: true })
  symlinkSync('/', join(folder, root))
}

/** A program that runs the root's compiler in the root, in the folder that it is called in. */
function compilerIn(root, folder, compiler) {
  const file = join(folder, 'c++')
  writeFileSync(file, `#!/bin/sh\nexec chroot '${root}' env --chdir="$PWD" ${compiler} "$@"\n`)
  chmodSync(file, 0o755)
  return file
}

/** Copies Node's headers, because the compiler sees nothing outside its root. */
function headersIn(folder) {
  const headers = nodeHeaders()
  if (headers === null)
    stop('Node has no headers here; npm_config_nodedir is the folder whose include/node has them')
  const copy = join(folder, 'node')
  cpSync(join(headers, 'include/node'), join(copy, 'include/node'), { recursive: true })
  return copy
}
