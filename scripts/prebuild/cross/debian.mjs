// Installs Debian's packages, and keeps a cache of what is built from them.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { run, stop } from '../processes.mjs'

const CACHE = process.env.EVENKEEL_PREBUILD_CACHE ?? join(homedir(), '.cache/evenkeel-prebuild')

export function isRoot() {
  return process.getuid?.() === 0
}

/** As root, installs the missing packages. Otherwise stops and prints the command. */
export function needPackages(packages) {
  const missing = packages.filter((name) => {
    const { stdout } = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' })
    return !/^Status: .* installed$/m.test(stdout ?? '')
  })
  if (missing.length === 0) return
  const command = ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing]
  if (!isRoot()) stop(`${missing.join(', ')} missing; as root: ${command.join(' ')}`)
  console.log(`installing ${missing.join(', ')}`)
  run(['apt-get', 'update'])
  run(command, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
}

/**
 * The folder `name` in the cache. If it does not exist, `make` fills it. The folder has a temporary name until it is
 * complete. `make` also gets the final name, for tools that store their own path.
 */
export function cached(name, make) {
  const folder = join(CACHE, name)
  if (existsSync(folder)) return folder
  const unfinished = `${folder}.unfinished`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(unfinished, { recursive: true })
  console.log(`making ${folder}, once`)
  make(unfinished, folder)
  renameSync(unfinished, folder)
  return folder
}
