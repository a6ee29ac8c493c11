import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** The Python process with the other libraries. */
export interface Peers {
  readonly tasks: readonly string[]
  /** Runs a task, and returns its seconds. */
  run(task: string, threads: number): Promise<number>
  close(): void
}

/** Starts the Python of EVENKEEL_PYTHON. Without it, there are no tasks. */
export async function startPeers(folder: string): Promise<Peers> {
  const python = process.env.EVENKEEL_PYTHON
  if (python === undefined) return { tasks: [], run: () => Promise.reject(), close: () => {} }
  const script = fileURLToPath(new URL('peers.py', import.meta.url))
  const child = spawn(python, [script, folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async () => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`${script} ended early`)
    return value
  }
  const tasks = (await next()).split(' ')
  return {
    tasks,
    async run(task, threads) {
      child.stdin.write(`${task} ${threads}\n`)
      return Number(await next())
    },
    close() {
      child.stdin.end()
      void once(child, 'exit')
    },
  }
}
