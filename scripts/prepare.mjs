// `npm ci` in the repository: builds the addon where there is a compiler, and dist/. Where there is none, all works on the
// portable backend; info() says so, and so does this. Users of the package never run it: it brings prebuilt binaries.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'

const LOG = 'build/prepare.log'
const shell = process.platform === 'win32'

// `npm pack` and `npm publish` run it too, and take prebuilds/, not build/.
if (!['pack', 'publish'].includes(process.env.npm_command ?? '')) buildAddon()
execFileSync('npm', ['run', 'build:ts'], { stdio: 'inherit', shell })

function buildAddon() {
  const build = spawnSync('node-gyp', ['rebuild'], { encoding: 'utf8', shell })
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
