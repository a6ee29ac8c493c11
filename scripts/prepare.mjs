// `npm ci` in the repository runs this. It builds dist/, and the addon if there is a compiler. Without a compiler, everything
// runs on the portable backend; this script and info() say so. Users of the package never run it, because the package
// contains prebuilt binaries.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { NODE_GYP } from './node-gyp.mjs'

const LOG = 'build/prepare.log'
const shell = process.platform === 'win32'

// `npm pack` and `npm publish` also run this script. They need prebuilds/ and not build/.
if (!['pack', 'publish'].includes(process.env.npm_command ?? '')) buildAddon()
execFileSync('npm', ['run', 'build:ts'], { stdio: 'inherit', shell })

function buildAddon() {
  const [node, script] = NODE_GYP
  const build = spawnSync(node, [script, 'rebuild'], { encoding: 'utf8' })
  if (build.status === 0) {
    console.log('evenkeel: the native addon is built.')
    return
  }
  mkdirSync('build', { recursive: true })
  writeFileSync(LOG, `${build.error ?? ''}\n${build.stdout ?? ''}\n${build.stderr ?? ''}`)
  console.warn(
    `evenkeel: the native addon could not be built (see ${LOG}); the portable backend runs, with the same results ` +
      'and less speed. With a C++17 compiler, make and Python, `npm run build:native` builds it.',
  )
}
