// `npm install` in the repository: builds the addon where there is a compiler. Where that fails, the package still
// works, on the portable backend; info() says so, and so does this.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'

const LOG = 'build/install.log'

const build = spawnSync('node-gyp', ['rebuild'], { encoding: 'utf8', shell: process.platform === 'win32' })
if (build.status === 0) {
  console.log('evenkeel: the native addon is built.')
} else {
  mkdirSync('build', { recursive: true })
  writeFileSync(LOG, `${build.error ?? ''}\n${build.stdout ?? ''}\n${build.stderr ?? ''}`)
  console.warn(
    `evenkeel: the native addon could not be built (see ${LOG}); the portable backend runs, with the same results ` +
      'and less speed. With a C++17 compiler, make and Python, `npm run build:native` builds it.',
  )
}
