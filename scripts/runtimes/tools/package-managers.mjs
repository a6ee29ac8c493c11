import { copyFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { must } from '../processes.mjs'
import { foundNative, PROGRAM } from './project.mjs'

const PNPM = ['pnpm', '10.20.0']
/** Yarn keeps packages in archives (PnP), from which an addon cannot be loaded. */
const YARN = ['@yarnpkg/cli-dist', '4.18.1']

const manager = ({ id, title, what, source: [name, version], script, add, runner, env }) => ({
  id,
  title: `${title} ${version}`,
  what,
  check({ store, tarball }) {
    const program = [process.execPath, join(store.unpacked(name, version), script)]
    const project = store.project(id)
    copyFileSync(tarball, join(project, basename(tarball)))
    writeFileSync(join(project, 'program.mjs'), PROGRAM)
    const inside = { cwd: project, env: env(store) }
    must([...program, ...add(`./${basename(tarball)}`)], inside)
    return foundNative(must([...runner(program), 'program.mjs'], inside))
  },
})

export const PACKAGE_MANAGERS = [
  manager({
    id: 'pnpm',
    title: 'pnpm',
    what: '`pnpm add --ignore-scripts`',
    source: PNPM,
    script: 'bin/pnpm.cjs',
    add: (file) => ['add', '--ignore-scripts', file],
    runner: () => [process.execPath],
    env: (store) => ({ npm_config_store_dir: store.path('pnpm') }),
  }),
  manager({
    id: 'yarn',
    title: 'yarn',
    what: "`yarn add`, plug'n'play, `yarn node`",
    source: YARN,
    script: 'bin/yarn.js',
    add: (file) => ['add', `evenkeel@file:${file}`],
    runner: (program) => [...program, 'node'],
    env: (store) => ({ YARN_ENABLE_TELEMETRY: '0', YARN_GLOBAL_FOLDER: store.path('yarn') }),
  }),
]
