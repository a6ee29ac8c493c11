import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must, need } from './processes.mjs'

/** It downloads and installs a hundred packages, which took five minutes on a busy machine. */
const DEBOOTSTRAP_LIMIT = 1_800_000

/**
 * Unpacked npm packages and bare Debian roots. They are made once, all environments use them, and no run changes them.
 */
export class Store {
  #folder

  constructor(folder) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  /** The folder of that name. If it does not exist, `make(folder)` fills it. If `make` fails, no folder remains. */
  once(name, make) {
    const folder = join(this.#folder, name)
    if (existsSync(folder)) return folder
    const unfinished = `${folder}.unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(unfinished, { recursive: true })
    make(unfinished)
    renameSync(unfinished, folder)
    return folder
  }

  /** An npm package that is unpacked and not installed. This also works for packages of other platforms. */
  unpacked(name, version) {
    return this.once(join('packages', `${name.replace('/', '-')}-${version}`), (folder) => {
      const pack = ['npm', 'pack', `${name}@${version}`, '--silent', '--pack-destination', folder]
      const archive = join(folder, must(pack).trim())
      must(['tar', 'xzf', archive, '-C', folder, '--strip-components=1'])
      rmSync(archive)
    })
  }

  /** A Debian system with the essential packages only: no compiler, no Python, no libgomp. */
  debian(suite) {
    need('debootstrap', 'debootstrap')
    // debootstrap gets a folder of its own. If it fails, it leaves its log there.
    return join(
      this.once(join('roots', suite), (folder) => {
        must(['debootstrap', '--variant=minbase', suite, join(folder, 'root')], {
          timeout: DEBOOTSTRAP_LIMIT,
        })
      }),
      'root',
    )
  }

  /** A new, empty folder for a user's project. */
  project(name) {
    const folder = join(this.#folder, 'projects', name)
    emptyProject(folder)
    return folder
  }

  path(name) {
    return join(this.#folder, name)
  }
}

/** Makes `folder` a new project without packages. */
export function emptyProject(folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true }\n')
}

/** The package.json of the installed evenkeel. Its entry points are read from there, as a runtime does. */
export function installedPackage(project) {
  const folder = join(project, 'node_modules', 'evenkeel')
  const { exports, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return { folder, entry: join(folder, exports['.'].import.default), cli: join(folder, bin.evenkeel) }
}
