import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must, need } from './processes.mjs'

/** What every environment needs and no run changes: unpacked npm packages and bare Debian roots, made once. */
export class Store {
  #folder

  constructor(folder) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true })
  }

  /** A folder of that name, made by `make(folder)` if it is not there; one that failed half-way does not stay. */
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

  /** An npm package, unpacked and not installed: so that those for other platforms come too. */
  unpacked(name, version) {
    return this.once(join('packages', `${name.replace('/', '-')}-${version}`), (folder) => {
      const pack = ['npm', 'pack', `${name}@${version}`, '--silent', '--pack-destination', folder]
      const archive = join(folder, must(pack).trim())
      must(['tar', 'xzf', archive, '-C', folder, '--strip-components=1'])
      rmSync(archive)
    })
  }

  /** A Debian system with its essential packages only: no compiler, no Python, no libgomp. */
  debian(suite) {
    need('debootstrap', 'debootstrap')
    // In a folder of its own: a failed debootstrap leaves a log that says why.
    return join(
      this.once(join('roots', suite), (folder) => {
        must(['debootstrap', '--variant=minbase', suite, join(folder, 'root')])
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

/** Makes `folder` a new project that has nothing installed. */
export function emptyProject(folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true }\n')
}

/** The installed evenkeel's package.json; entry points are read there as a runtime reads them. */
export function installedPackage(project) {
  const folder = join(project, 'node_modules', 'evenkeel')
  const { exports, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return { folder, entry: join(folder, exports['.'].import.default), cli: join(folder, bin.evenkeel) }
}
