import { spawn } from 'node:child_process'

/** The error of a command that a signal ended. */
export class Interrupted extends Error {
  readonly signal: NodeJS.Signals

  constructor(signal: NodeJS.Signals, remark: string) {
    super(`interrupted by ${signal}; ${remark}`)
    this.signal = signal
  }
}

/** The exit code or signal of a program, and its output. */
export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  /** Present if the program could not be started. */
  readonly error?: NodeJS.ErrnoException
  readonly stdout: string
  /** stdout and stderr, in the order in which they came. */
  readonly output: string
}

interface Settings {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** Ends the program and all processes that it started. The call then rejects with the reason. */
  readonly signal: AbortSignal
  /** Is called with each piece of output. */
  readonly onOutput?: (text: string) => void
}

/** Runs a program to its end, without a shell. */
export async function run(program: string, args: readonly string[], settings: Settings): Promise<Ended> {
  const { cwd, env, signal, onOutput } = settings
  signal.throwIfAborted()
  // The program gets a process group of its own, so that a signal reaches make and its compilers. Windows has no
  // groups.
  const detached = process.platform !== 'win32'
  const child = spawn(program, args, { cwd, env, detached, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, output]: readonly [string, string] = ['', '']
  const add = (text: string) => {
    output += text
    onOutput?.(text)
  }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    add(text)
  })
  child.stderr.setEncoding('utf8').on('data', add)
  const end = () => {
    try {
      if (detached) process.kill(-child.pid!, 'SIGTERM')
      else child.kill()
    } catch {
      // The program has already ended.
    }
  }
  return new Promise<Ended>((resolve, reject) => {
    let error: Error | undefined
    child.on('error', (problem) => {
      error = problem
    })
    child.on('close', (status, by) => {
      signal.removeEventListener('abort', end)
      if (signal.aborted) reject(signal.reason)
      else resolve({ status, signal: by, error, stdout, output })
    })
    signal.addEventListener('abort', end)
  })
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Runs `work`. A signal to this process aborts the AbortSignal of `work` with Interrupted, so that it can clean up.
 * @param remark what the message says of what `work` leaves then.
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  remark = 'nothing has changed',
): Promise<T> {
  const controller = new AbortController()
  const abort = (signal: NodeJS.Signals) => controller.abort(new Interrupted(signal, remark))
  for (const each of SIGNALS) process.on(each, abort)
  try {
    return await work(controller.signal)
  } finally {
    for (const each of SIGNALS) process.off(each, abort)
  }
}
