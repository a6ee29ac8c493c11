// A libgomp that can be linked into an addon, so that the user's machine needs none. Debian's archive is not
// position-independent: on x64 it does not link, and on arm64 the addon crashes.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { cached, run } from './debian.mjs'
import { unpackGcc } from './gcc-source.mjs'

/** The packages of Debian that it needs, beside the compiler. */
export const LIBGOMP_PACKAGES = ['gcc-12-source', 'make', 'xz-utils']

/** What turns OpenMP on in native/runtime, with this library. */
export const LIBGOMP_COMPILE_FLAGS = ['-fopenmp', '-DEVENKEEL_LIBGOMP_INSIDE']

/** As native/runtime/openmp_library.cc names it. */
const CONSTRUCTORS = 'evenkeel_libgomp'

/**
 * The path of the archive.
 * @param triplet the machine, and the prefix of the names of the compiler's programs
 * @param compiler the C compiler with its arguments
 */
export function libgomp({ name, triplet, compiler }) {
  const folder = cached(`libgomp-${name}`, (folder) => {
    const [source, build] = [join(folder, 'source'), join(folder, 'build')]
    unpackGcc(['libgomp'], source)
    mkdirSync(build)
    const options = [
      ...['--build=x86_64-linux-gnu', `--host=${triplet}`, '--with-pic'],
      ...['--disable-shared', '--disable-multilib', '--disable-nls', '--disable-werror'],
    ]
    // An addon is loaded late, when a C library may have no room left for its thread-local variables in the fixed block.
    const flags = '-O2 -fPIC -ftls-model=global-dynamic'
    const env = { ...process.env, CC: compiler, CFLAGS: flags, FC: 'false' }
    run([`${source}/libgomp/configure`, ...options], { cwd: build, env })
    run(['make', `-j${availableParallelism()}`, 'libgomp.la'], { cwd: build, env })
    // What libgomp does when it is loaded, it shall do at its first use: who does not use it pays nothing, and
    // OMP_PROC_BIND binds no thread of Node. What it does at the end belongs to that.
    const sections = ['--rename-section', `.init_array=${CONSTRUCTORS}`, '--remove-section', '.fini_array']
    const archive = join(build, '.libs/libgomp.a')
    run([`${triplet}-objcopy`, ...sections, archive])
    copyFileSync(archive, join(folder, 'libgomp.a'))
    for (const path of [source, build]) rmSync(path, { recursive: true })
  })
  return join(folder, 'libgomp.a')
}
