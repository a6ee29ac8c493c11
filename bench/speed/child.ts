import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Reply, Request } from './protocol.js'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** So much of what a worker said on stderr goes into the message of its death. */
const STDERR_KEPT = 2000

/** A worker process; one request at a time. */
export class Child {
  readonly #process: ChildProcess
  #stderr = ''
  #waiting: { resolve(reply: Reply): void; reject(error: Error): void } | null = null
  #ended: Error | null = null

  private constructor(title: string, { file, args, env }: Command) {
    this.#process = spawn(file, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      // Ctrl-C is the parent's to handle: it ends its workers itself.
      detached: true,
    })
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)
    })
    createInterface({ input: this.#process.stdout! }).on('line', (line) => {
      const waiting = this.#waiting
      this.#waiting = null
      waiting?.resolve(JSON.parse(line) as Reply)
    })
    const end = (how: string) => {
      this.#ended ??= new Error(`${title} ${how}${this.#stderr && `: ${this.#stderr.trim()}`}`)
      this.#waiting?.reject(this.#ended)
    }
    this.#process.on('error', (error) => end(`did not start (${error.message})`))
    this.#process.on('close', (code, signal) => end(`ended (${signal ?? `exit code ${code}`})`))
    // Writing to a worker that has just died: 'close' tells it better.
    this.#process.stdin!.on('error', () => {})
  }

  /** Starts a worker and waits for its version. Throws where it does not start. */
  static async start(title: string, command: Command): Promise<{ child: Child; version: string }> {
    const child = new Child(title, command)
    const reply = await child.#reply()
    if ('version' in reply) return { child, version: reply.version }
    child.stop()
    throw new Error('error' in reply ? reply.error : `${title} began with ${JSON.stringify(reply)}`)
  }

  get pid(): number {
    return this.#process.pid!
  }

  ask(request: Request): Promise<Reply> {
    const reply = this.#reply()
    this.#process.stdin!.write(`${JSON.stringify(request)}\n`)
    return reply
  }

  stop(): void {
    this.#process.kill('SIGKILL')
  }

  #reply(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#ended) reject(this.#ended)
      else this.#waiting = { resolve, reject }
    })
  }
}
