// Shared by the scripts that run tests on a CMake build.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

export function stop(why) {
  console.error(`native tests: ${why}`)
  process.exit(1)
}

export function onPath(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** Stops if CMake or one of the `missing` tools is not installed, and prints the command that installs them. */
export function needTools(missing, packages = []) {
  const all = [...['cmake'].filter((program) => !onPath(program)), ...missing]
  if (all.length === 0) return
  const install = ['cmake', 'g++', ...packages].join(' ')
  stop(`${all.join(', ')} missing; on Debian and Ubuntu: apt-get install ${install}`)
}

/** Runs a program. If it fails, prints its output and stops. */
export function run(program, args, output, env = process.env, cwd = root) {
  const stdio = output === 'ignore' ? 'pipe' : 'inherit'
  const result = spawnSync(program, args, { cwd, stdio, encoding: 'utf8', env })
  if (result.status === 0) return
  if (stdio === 'pipe') console.error(`${result.stdout}\n${result.stderr}`)
  const why = result.error?.message ?? result.signal
  stop(`${[program, ...args].join(' ')} failed${why ? `: ${why}` : ''}`)
}

/** Builds one target, or all targets, in `directory`. */
export function build(directory, settings, target = 'all') {
  run('cmake', ['-S', '.', '-B', directory, ...settings], 'ignore')
  const parallel = String(availableParallelism())
  run('cmake', ['--build', directory, '--parallel', parallel, '--target', target], 'ignore')
}
