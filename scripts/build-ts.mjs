// TypeScript to dist/: once as ES modules, once as CommonJS, each with types of its own.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))

function compile(project) {
  execFileSync(process.execPath, [compiler, '-p', project], { stdio: 'inherit' })
}

rmSync('dist', { recursive: true, force: true })
compile('tsconfig.build.json')
compile('tsconfig.cjs.json')
// The .js files below are CommonJS, unlike the package's. That makes the folder a scope, which needs #addon of its own.
mkdirSync('dist/cjs', { recursive: true })
const imports = { '#addon': { browser: './browser.cjs', default: './addon.cjs' } }
writeFileSync('dist/cjs/package.json', `${JSON.stringify({ type: 'commonjs', imports })}\n`)
writeFileSync('dist/cjs/addon.cjs', "module.exports = require('../../native/load.cjs')\n")
writeFileSync('dist/cjs/browser.cjs', "module.exports = require('../../native/browser.js')\n")
