import { spawnSync } from 'node:child_process'

export function stop(why) {
  console.error(`prebuildify: ${why}`)
  process.exit(1)
}

/** Runs a program and returns what it printed. If it fails, prints its output and stops. */
export function run(command, options = {}) {
  const [program, ...args] = command
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 28, ...options })
  if (result.status === 0) return result.stdout
  console.error(`${result.stdout ?? ''}\n${result.stderr ?? ''}`)
  stop(`${command.join(' ')} failed${result.error ? `: ${result.error.message}` : ''}`)
}
