// Linux with glibc. g++ 12 of Debian 12 compiles against the headers of Debian 11, and a root of Debian 11 links with
// its libraries. A binary linked on Debian 12 requires glibc 2.35. Code from Debian 11's g++ 10 is up to 1.3 times as
// slow (docs/decisions/0012).
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { cached, isRoot, run, stop } from './debian.mjs'
import { elfLinkFlags } from './elf-flags.mjs'
import { LIBGOMP_COMPILE_FLAGS, LIBGOMP_PACKAGES, libgomp } from './libgomp.mjs'

/** The mirror for Debian 11. Without it, debootstrap uses its default. */
const MIRROR = process.env.EVENKEEL_DEBIAN_MIRROR
const LINKERS = 'g++,g++-aarch64-linux-gnu'

/**
 * @param triplet the prefix of the names of the compiler's programs
 * @param packages the packages of Debian 12 that contain the compiler
 * @param headers the folders of Debian 11 with the headers of C++ and of C
 */
const bullseye = (triplet, packages, headers) => ({
  packages: ['debootstrap', ...packages, ...LIBGOMP_PACKAGES],
  prepare() {
    if (!isRoot()) stop('debootstrap and chroot need root')
    const root = cached('bullseye', (folder) =>
      run([
        'debootstrap',
        '--variant=minbase',
        `--include=${LINKERS}`,
        'bullseye',
        folder,
        ...(MIRROR ? [MIRROR] : []),
      ]),
    )
    const compiler = `${triplet}-g++-12`
    const intrinsics = run([compiler, '-print-file-name=include']).trim()
    const { cpp, c } = headers
    const folders = [...cpp.map((path) => join(root, path)), intrinsics, ...c.map((path) => join(root, path))]
    const includes = ['-nostdinc', ...folders.flatMap((path) => ['-isystem', path])]
    const folder = join(root, 'evenkeel', triplet)
    mkdirSync(folder, { recursive: true })
    // Where the linker sees it.
    const openmp = join(folder, 'libgomp.a')
    copyFileSync(
      libgomp({ name: triplet, triplet, compiler: [`${triplet}-gcc-12`, ...includes].join(' ') }),
      openmp,
    )
    return {
      compiler,
      compileFlags: ['-fPIC', '-pthread', ...includes, ...LIBGOMP_COMPILE_FLAGS],
      linker: (folder) => ['chroot', root, 'env', `--chdir=${folder.slice(root.length)}`, `${triplet}-g++`],
      linkFlags: [...elfLinkFlags, openmp.slice(root.length), '-pthread', '-ldl'],
      sources: [],
      folder,
    }
  },
})

export const bullseyeX64 = bullseye('x86_64-linux-gnu', ['g++-12'], {
  cpp: ['usr/include/c++/10', 'usr/include/x86_64-linux-gnu/c++/10'],
  c: ['usr/include/x86_64-linux-gnu', 'usr/include'],
})

const ARM64 = 'usr/aarch64-linux-gnu/include'
export const bullseyeArm64 = bullseye('aarch64-linux-gnu', ['g++-12-aarch64-linux-gnu'], {
  cpp: [`${ARM64}/c++/10`, `${ARM64}/c++/10/aarch64-linux-gnu`],
  c: [ARM64],
})
