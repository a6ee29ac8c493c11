import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Longer than any step takes on the machine itself. A program that takes longer hangs, and is ended. */
const TIME_LIMIT = 180_000

/**
 * Runs a program to its end. Its output goes through files, because programs under wine cannot write to pipes.
 * @returns {{ how: number | string, stdout: string, stderr: string }} `how`: the exit code, or the signal or error.
 */
export function run([program, ...args], { cwd, env = {}, timeout = TIME_LIMIT } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'evenkeel-run-'))
  const paths = [join(folder, 'stdout'), join(folder, 'stderr')]
  const files = paths.map((path) => openSync(path, 'w'))
  try {
    const ended = spawnSync(program, args, {
      cwd,
      env: { ...process.env, ...env },
      timeout,
      killSignal: 'SIGKILL',
      stdio: ['ignore', ...files],
    })
    const [stdout, stderr] = paths.map((path) => readFileSync(path, 'utf8'))
    return { how: howItEnded(ended), stdout, stderr }
  } finally {
    files.forEach(closeSync)
    rmSync(folder, { recursive: true })
  }
}

function howItEnded({ status, signal, error }) {
  if (error?.code === 'ETIMEDOUT') return 'timeout'
  if (error) return error.code
  return status ?? signal
}

/** Runs a program that must succeed, and returns its output. */
export function must(command, options) {
  const { how, stdout, stderr } = run(command, options)
  if (how === 0) return stdout
  throw new Error(`${command.join(' ')}: ended with ${how}\n${lastLines(stdout + stderr)}`)
}

/** The last lines of an output: enough to see the reason. */
const SHOWN_LINES = 12

export function lastLines(text) {
  return text.trim().split('\n').slice(-SHOWN_LINES).join('\n')
}

/** Throws if a program is missing, and names the Debian package that contains it. */
export function need(program, debianPackage) {
  if (spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined) return
  throw new Error(`${program} is missing; on Debian and Ubuntu: apt-get install ${debianPackage}`)
}
