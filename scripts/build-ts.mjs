// TypeScript to dist/: once as ES modules, once as CommonJS, each with types of its own.
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'

const compiler = new URL('../node_modules/typescript/bin/tsc', import.meta.url).pathname
const builds = [
  { outDir: 'dist/esm', type: 'module', args: ['-p', 'tsconfig.build.json'] },
  { outDir: 'dist/cjs', type: 'commonjs', args: ['-p', 'tsconfig.cjs.json'] },
]

rmSync('dist', { recursive: true, force: true })
for (const { outDir, type, args } of builds) {
  mkdirSync(outDir, { recursive: true })
  // Tells Node and TypeScript what the .js files below it are.
  writeFileSync(`${outDir}/package.json`, `${JSON.stringify({ type })}\n`)
  execFileSync(process.execPath, [compiler, ...args, '--outDir', outDir], { stdio: 'inherit' })
}
