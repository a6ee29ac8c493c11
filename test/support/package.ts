import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { writeChecksum } from '../../native/checksum.cjs'

// The package as a user gets it: built from the sources, packed and unpacked, away from this repository.

const SOURCES = [
  ...[
    'package.json',
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
  ],
  ...['docs', 'examples', 'bench/speed/README.md', 'native', 'src', 'scripts'],
  ...['tsconfig.json', 'tsconfig.build.json', 'tsconfig.cjs.json', 'binding.gyp'],
]
const SOURCE_BUILD = 'build/Release/evenkeel.node'
const PUBLISHED = `prebuilds/linux-${process.arch}/evenkeel.glibc.node`
/** The addon to test with: the source build or, where there is none, the published binary. */
export const BINARY = [SOURCE_BUILD, PUBLISHED].find((file) => existsSync(file)) ?? SOURCE_BUILD
/** Where this machine's binary lies in the package; null where there is none to test with. */
export const PREBUILT =
  process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) && existsSync(BINARY)
    ? PUBLISHED
    : null

/** A new folder that every user may enter, as some tests run as another. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'))
  chmodSync(folder, 0o755)
  return folder
}

/** The tarball of this tree, with BINARY as its one prebuilt binary. `folder`: where to work. */
export function pack(folder: string): string {
  const tree = join(folder, 'tree')
  for (const each of SOURCES) cpSync(each, join(tree, each), { recursive: true })
  symlinkSync(resolve('node_modules'), join(tree, 'node_modules'))
  execFileSync(process.execPath, ['scripts/build-ts.mjs'], { cwd: tree })
  if (PREBUILT !== null) {
    cpSync(BINARY, join(tree, PREBUILT))
    writeChecksum(join(tree, PREBUILT))
  }
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  execFileSync(npm, ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: tree, stdio: 'pipe' })
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz'))!)
}

/** Unpacks a tarball into `project`/node_modules/evenkeel, and returns that; the package's dependencies are beside. */
export function install(tarball: string, project: string): string {
  const place = join(project, 'node_modules/evenkeel')
  mkdirSync(place, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', place, '--strip-components=1'])
  const { dependencies } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'))
  for (const name of Object.keys(dependencies)) {
    const modules = `node_modules/${name}`
    symlinkSync(resolve(modules), join(project, modules), 'dir')
  }
  return place
}
