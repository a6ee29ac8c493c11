// Linux with musl. Uses Debian's g++ 12 and musl, and a libstdc++ that it builds for musl from Debian's source of GCC
// 12.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { cached, run } from './debian.mjs'
import { elfLinkFlags } from './elf-flags.mjs'
import { unpackGcc } from './gcc-source.mjs'
import { LIBGOMP_COMPILE_FLAGS, LIBGOMP_PACKAGES, libgomp } from './libgomp.mjs'

const COMPILER = 'g++-12'
const SPECS = '-specs=/usr/lib/x86_64-linux-musl/musl-gcc.specs'
/** What libstdc++'s configure and make read. */
const PARTS = ['libgcc', 'libiberty', 'libstdc++-v3', 'symlink-tree']

export const musl = {
  packages: ['g++-12', 'musl-tools', ...LIBGOMP_PACKAGES],
  prepare() {
    const library = cached('musl-libstdc++', makeLibrary)
    const openmp = libgomp({ name: 'musl', triplet: 'x86_64-linux-gnu', compiler: `gcc-12 ${SPECS}` })
    const headers = join(library, 'include/c++/12.2.0')
    return {
      compiler: COMPILER,
      linker: () => [COMPILER],
      compileFlags: [
        SPECS,
        '-nostdinc++',
        '-isystem',
        headers,
        '-isystem',
        join(headers, 'x86_64-linux-musl'),
        '-fPIC',
        ...LIBGOMP_COMPILE_FLAGS,
      ],
      // The specs do not ask for the table in which exception handlers are looked up.
      linkFlags: [SPECS, ...elfLinkFlags, '-Wl,--eh-frame-hdr', `-L${join(library, 'lib')}`, openmp],
      sources: ['scripts/prebuild/musl/find_object.cc'],
      folder: join(library, 'evenkeel'),
    }
  },
}

function makeLibrary(folder, library) {
  const source = join(folder, 'source')
  const build = join(folder, 'build')
  unpackGcc(PARTS, source)
  mkdirSync(build)
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
