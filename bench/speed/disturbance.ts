import { readFileSync } from 'node:fs'

// Whether anything else ran while a round was timed. Two threads that wait for each other lose the scheduler's whole
// quantum (8 ms) to one foreign process: such a round says nothing, and is run again.

/** CPU seconds since the machine's start, of all processes (and of the host's other guests), as Linux counts them. */
export function allCpuSeconds(stat: string): number {
  const [user, nice, system, , , irq, softirq, steal] = stat.split('\n')[0].split(/\s+/).slice(1).map(Number)
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
}

/** CPU seconds of one process, from its /proc/PID/stat; the name in brackets may hold anything. */
export function ownCpuSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [userTime, systemTime] = fields.slice(11, 13).map(Number)
  return (userTime + systemTime) / TICKS_PER_SECOND
}

/** USER_HZ, which the kernel fixes for its reports. */
const TICKS_PER_SECOND = 100

/** So many cores at work for others disturb a round. Ticks of 10 ms make a round's count a little uncertain. */
const DISTURBED_CORES = 0.15

/** Watches a span of time for what others do; tells nothing where there is no /proc. */
export class Watch {
  #start: { time: number; others: number } | null

  /** pids: the processes whose work is the span's own. */
  constructor(private readonly pids: readonly number[]) {
    this.#start = this.#now()
  }

  /** Cores that others kept busy since the start; 0 where that is unknown. */
  get othersCores(): number {
    const end = this.#now()
    if (this.#start === null || end === null) return 0
    const seconds = end.time - this.#start.time
    return Math.max(0, (end.others - this.#start.others) / seconds)
  }

  get disturbed(): boolean {
    return this.othersCores > DISTURBED_CORES
  }

  #now() {
    try {
      const own = this.pids.map((pid) => ownCpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8')))
      const others =
        allCpuSeconds(readFileSync('/proc/stat', 'utf8')) - own.reduce((sum, each) => sum + each, 0)
      return { time: performance.now() / 1e3, others }
    } catch {
      return null
    }
  }
}
