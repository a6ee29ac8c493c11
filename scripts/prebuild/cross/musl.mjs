// Linux with musl. Uses Debian's g++ 12 and musl, and a libstdc++ that it builds for musl from Debian's source of GCC
// 12.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { byPrebuildify } from '../by-prebuildify.mjs'
import { run } from '../processes.mjs'
import { cached, needPackages } from './debian.mjs'

const SPECS = '-specs=/usr/lib/x86_64-linux-musl/musl-gcc.specs'
const COMPILER = ['g++-12', SPECS]
const SOURCE = '/usr/src/gcc-12/gcc-12.2.0-dfsg.tar.xz'
/** The files that libstdc++'s configure and make read. */
const PARTS = [
  ...['config', 'gcc/BASE-VER', 'gcc/DATESTAMP', 'include', 'libgcc', 'libiberty', 'libstdc++-v3'],
  ...['config*', 'depcomp', 'install-sh', 'libtool*', 'lt*', 'missing', 'mkinstalldirs', 'symlink-tree'],
]
const FIND_OBJECT = fileURLToPath(new URL('find_object.cc', import.meta.url))

export function musl() {
  needPackages(['g++-12', 'musl-tools', 'gcc-12-source', 'make', 'python3', 'xz-utils'])
  const library = cached('musl-libstdc++', makeLibrary)
  const headers = join(library, 'include/c++/12.2.0')
  const includes = [
    '-nostdinc++',
    ...[headers, join(headers, 'x86_64-linux-musl')].map((path) => `-isystem ${path}`),
  ]
  const folder = join(library, 'evenkeel')
  mkdirSync(folder, { recursive: true })
  const findObject = join(folder, 'find_object.o')
  run([
    ...COMPILER,
    ...includes.flatMap((flag) => flag.split(' ')),
    '-O2',
    '-fPIC',
    '-c',
    FIND_OBJECT,
    '-o',
    findObject,
  ])
  process.env.CXX = COMPILER.join(' ')
  process.env.CXXFLAGS = includes.join(' ')
  // The specs do not ask for the table in which exception handlers are looked up.
  process.env.LDFLAGS = `-Wl,--eh-frame-hdr -L${join(library, 'lib')} ${findObject}`
  return { folder, make: (place) => byPrebuildify('linux-x64-musl', place) }
}

function makeLibrary(folder, library) {
  const source = join(folder, 'source')
  const build = join(folder, 'build')
  mkdirSync(source)
  mkdirSync(build)
  const paths = PARTS.map((part) => `gcc-12.2.0/${part}`)
  const matching = ['--wildcards', '--no-wildcards-match-slash', '--exclude=*/testsuite/*/*']
  run([
    'tar',
    '--extract',
    '--file',
    SOURCE,
    '--directory',
    source,
    '--strip-components=1',
    ...matching,
    ...paths,
  ])
  // The build of the whole GCC does this copy; a build of libstdc++ alone does not.
  copyFileSync(join(source, 'libgcc/gthr-posix.h'), join(source, 'libgcc/gthr-default.h'))
  const options = [
    ...['--build=x86_64-linux-gnu', '--host=x86_64-linux-musl', `--prefix=${library}`],
    ...['--disable-shared', '--disable-multilib', '--disable-nls', '--disable-libstdcxx-pch'],
  ]
  const flags = '-O2 -fPIC'
  const compilers = { CC: `gcc-12 ${SPECS}`, CXX: `g++-12 ${SPECS}`, CFLAGS: flags, CXXFLAGS: flags }
  const here = { cwd: build, env: { ...process.env, ...compilers } }
  run(['../source/libstdc++-v3/configure', ...options], here)
  run(['make', `-j${availableParallelism()}`], here)
  run(['make', 'install', `prefix=${folder}`], here)
  for (const path of [source, build]) rmSync(path, { recursive: true })
}
