// npm run bench:native -- [arguments]: builds bench/native/kernel_bench with the flags of the addon (Release), and runs it.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const directory = 'build-cmake/release'

run('cmake', ['-S', '.', '-B', directory], 'pipe')
run(
  'cmake',
  ['--build', directory, '--target', 'kernel_bench', '--parallel', String(availableParallelism())],
  'pipe',
)
run(`${root}${directory}/kernel_bench`, process.argv.slice(2), 'inherit')

/** Runs a program. If it fails, prints its output and stops. */
function run(program, args, stdio) {
  const result = spawnSync(program, args, { cwd: root, stdio, encoding: 'utf8' })
  if (result.status === 0) return
  if (stdio === 'pipe') console.error(`${result.stdout ?? ''}\n${result.stderr ?? ''}`)
  if (result.error) console.error(`kernel bench: ${program} did not run: ${result.error.message}`)
  process.exit(result.status ?? 1)
}
