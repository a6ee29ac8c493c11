// Compiles TypeScript to dist/, once to ES modules and once to CommonJS. Each has its own types.
import { execFileSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))

function compile(project) {
  execFileSync(process.execPath, [compiler, '-p', project], { stdio: 'inherit' })
}

rmSync('dist', { recursive: true, force: true })
compile('tsconfig.build.json')
compile('tsconfig.cjs.json')

// A thread is started from a file. This one is CommonJS in both, because it must know its own name.
for (const kind of ['esm', 'cjs'])
  copyFileSync('src/files/duckdb-thread.cjs', `dist/${kind}/files/duckdb-thread.cjs`)

// In a package of ES modules, CommonJS files must be named .cjs, and their types .d.cts. The compiler writes .js. This
// loop renames the files, and their references to each other. (A package.json of another type in dist/cjs would hide
// `imports`.)
for (const name of readdirSync('dist/cjs', { recursive: true })) {
  const renamed = name.replace(/\.js$/, '.cjs').replace(/\.d\.ts$/, '.d.cts')
  if (renamed === name) continue
  const path = join('dist/cjs', renamed)
  renameSync(join('dist/cjs', name), path)
  writeFileSync(path, readFileSync(path, 'utf8').replace(/(["'])(\.\.?\/[^"'\n]*)\.js\1/g, '$1$2.cjs$1'))
}
