import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

// Thread pools spin after a call before they sleep: libgomp, as PyTorch has it, for 7 to 10 ms, onnxruntime's for longer.
// Until they rest, one of the next contender's cores would be theirs.

/** How long at least, and how long a look at a process lasts. */
const LOOK_MS = 15
/** A process that spins for good does not stop the run. */
const LONGEST_MS = 2000
/** Of a core, in one look: what a runtime's timers take. */
const RESTING = 0.05

/** Waits until the process's threads rest. Without /proc, for one look. `cpu`: nanoseconds of a process, for tests. */
export async function settle(pid: number | null, cpu = cpuNanoseconds): Promise<void> {
  const end = performance.now() + LONGEST_MS
  let before = cpu(pid)
  for (;;) {
    const start = performance.now()
    await sleep(LOOK_MS)
    const after = cpu(pid)
    const cores = (after - before) / ((performance.now() - start) * 1e6)
    if (cores < RESTING || performance.now() > end) return
    before = after
  }
}

/** On a CPU so far, all threads together; 0 where that is unknown. */
export function cpuNanoseconds(pid: number | null): number {
  if (pid === null) return 0
  try {
    const folder = `/proc/${pid}/task`
    const each = readdirSync(folder).map((thread) => readFileSync(`${folder}/${thread}/schedstat`, 'utf8'))
    return each.reduce((sum, stat) => sum + Number(stat.split(' ')[0]), 0)
  } catch {
    return 0
  }
}
