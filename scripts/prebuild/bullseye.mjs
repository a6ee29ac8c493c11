// Linux with glibc: Debian 11's compilers and libraries, in a root of their own. What Debian 12 builds asks for glibc 2.35.
import { join } from 'node:path'
import { cached, isRoot, run, stop } from './debian.mjs'
import { elfLinkFlags } from './elf-flags.mjs'

const MIRROR = process.env.EVENKEEL_DEBIAN_MIRROR ?? 'http://deb.debian.org/debian'

const COMPILERS = 'g++,g++-aarch64-linux-gnu'

/** @param triplet what the names of the compiler's programs begin with */
export const bullseye = (triplet) => ({
  packages: ['debootstrap'],
  prepare() {
    if (!isRoot()) stop('debootstrap and chroot need root')
    const root = cached('bullseye', (folder) =>
      run(['debootstrap', '--variant=minbase', `--include=${COMPILERS}`, 'bullseye', folder, MIRROR]),
    )
    return {
      compiler: `${triplet}-g++`,
      compileFlags: ['-fPIC', '-pthread'],
      linkFlags: [...elfLinkFlags, '-pthread', '-ldl'],
      sources: [],
      folder: join(root, 'evenkeel', triplet),
      command: (argv, folder) => ['chroot', root, 'env', `--chdir=${folder.slice(root.length)}`, ...argv],
    }
  },
})
