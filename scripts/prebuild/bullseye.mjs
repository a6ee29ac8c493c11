// Linux with glibc: compiled by Debian 12's g++ 12 against Debian 11's headers, and linked in a root of Debian 11 with its
// libraries. What Debian 12 links asks for glibc 2.35; what Debian 11's g++ 10 compiles is up to 1.3 times as slow
// (docs/decisions/0012).
import { join } from 'node:path'
import { cached, isRoot, run, stop } from './debian.mjs'
import { elfLinkFlags } from './elf-flags.mjs'

/** Where Debian 11 comes from; without it debootstrap knows a place. */
const MIRROR = process.env.EVENKEEL_DEBIAN_MIRROR
const LINKERS = 'g++,g++-aarch64-linux-gnu'

/**
 * @param triplet what the names of the compiler's programs begin with
 * @param packages Debian 12's, of the compiler
 * @param headers where Debian 11 has those of C++ and of C
 */
const bullseye = (triplet, packages, headers) => ({
  packages: ['debootstrap', ...packages],
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
    return {
      compiler,
      compileFlags: ['-fPIC', '-pthread', '-nostdinc', ...folders.flatMap((path) => ['-isystem', path])],
      linker: (folder) => ['chroot', root, 'env', `--chdir=${folder.slice(root.length)}`, `${triplet}-g++`],
      linkFlags: [...elfLinkFlags, '-pthread', '-ldl'],
      sources: [],
      folder: join(root, 'evenkeel', triplet),
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
