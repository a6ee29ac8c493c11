// Runs clang-format over the C++. With `--write` it corrects the files. Otherwise a difference is an error.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const CPP = /\.(cc|h)$/

function filesBelow(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

const files = ['native', 'test/native', 'bench', 'scripts']
  .flatMap(filesBelow)
  .filter((path) => CPP.test(path))
const clangFormat = createRequire(import.meta.url).resolve('clang-format/index.js')
const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '--Werror']
try {
  execFileSync(process.execPath, [clangFormat, ...mode, ...files], { stdio: 'inherit' })
  console.log(`clang-format: ${files.length} files`)
} catch {
  console.error('clang-format: the files above differ from .clang-format; `npm run format` corrects them.')
  process.exit(1)
}
