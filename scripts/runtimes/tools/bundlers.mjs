import { join } from 'node:path'
import { must } from '../processes.mjs'
import { foundNative, PROGRAM, projectWith, runAlone } from './project.mjs'

const ESBUILD = 'esbuild@0.28.2'
const VITE = 'vite@8.3.8'
const WEBPACK = ['webpack@5.112.2', 'webpack-cli@7.3.1', 'node-loader@2.1.0']

const ESBUILD_OPTIONS = ['--bundle', '--platform=node', '--loader:.node=copy', '--outdir=out']
/** The addon is loaded by `require`, which an ES module does not have. */
const BANNER =
  "--banner:js=import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)"

const esbuild = (format, extension, more) => ({
  id: `esbuild-${format}`,
  title: ESBUILD.replace('@', ' '),
  what: `\`${['esbuild', ...ESBUILD_OPTIONS, `--format=${format}`].join(' ')}\`${more.length > 0 ? ' and a banner (below)' : ''}`,
  check(context) {
    const project = projectWith(context, `esbuild-${format}`, [ESBUILD], { 'program.mjs': PROGRAM })
    const options = [...ESBUILD_OPTIONS, `--format=${format}`, `--out-extension:.js=${extension}`, ...more]
    must(['node_modules/.bin/esbuild', 'program.mjs', ...options], { cwd: project })
    return runAlone(join(project, 'out'), `program${extension}`)
  },
})

/**
 * Vite's bundler cannot read binaries. evenkeel must stay outside the bundle, as packages do unless noExternal is set.
 */
const vite = (id, what, config) => ({
  id,
  title: VITE.replace('@', ' '),
  what,
  check(context) {
    const files = { 'program.mjs': PROGRAM, 'vite.config.mjs': `export default ${JSON.stringify(config)}` }
    const project = projectWith(context, id, [VITE], files)
    must(['node_modules/.bin/vite', 'build', '--ssr', 'program.mjs'], { cwd: project })
    return foundNative(must([process.execPath, 'dist/program.mjs'], { cwd: project }))
  },
})

const WEBPACK_CONFIG = `
module.exports = {
  mode: 'production',
  target: 'node',
  entry: './program.mjs',
  output: { path: __dirname + '/out', filename: 'program.js' },
  module: { rules: [{ test: /\\.node$/, loader: 'node-loader' }] },
}
`

const webpack = {
  id: 'webpack',
  title: WEBPACK[0].replace('@', ' '),
  what: "`target: 'node'`, and node-loader for `.node`",
  check(context) {
    const files = { 'program.mjs': PROGRAM, 'webpack.config.cjs': WEBPACK_CONFIG }
    const project = projectWith(context, 'webpack', WEBPACK, files)
    must(['node_modules/.bin/webpack', '--config', 'webpack.config.cjs'], { cwd: project })
    return runAlone(join(project, 'out'), 'program.js')
  },
}

export const BUNDLERS = [
  esbuild('cjs', '.cjs', []),
  esbuild('esm', '.mjs', [BANNER]),
  vite('vite-ssr', '`vite build --ssr`', {}),
  vite('vite-ssr-whole', "`vite build --ssr`, `ssr: { noExternal: true, external: ['evenkeel'] }`", {
    ssr: { noExternal: true, external: ['evenkeel'] },
  }),
  webpack,
]
