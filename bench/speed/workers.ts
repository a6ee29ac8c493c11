import { Child } from './child.js'
import type { Contender } from './contenders.js'

/** Worker processes, started when first needed, ended together. */
export class Workers {
  readonly versions: Record<string, string> = {}
  readonly #children = new Map<string, Child>()
  #stopped = false

  async of({ title, name, process, command }: Contender): Promise<Child> {
    const running = this.#children.get(process)
    if (running !== undefined) return running
    this.#checkNotStopped()
    const { child, version } = await Child.start(title, command)
    this.#children.set(process, child)
    this.versions[name] = version
    // They may have been stopped while this one started.
    if (this.#stopped) this.stop()
    this.#checkNotStopped()
    return child
  }

  #checkNotStopped(): void {
    if (this.#stopped) throw new Error('interrupted')
  }

  get pids(): number[] {
    return [...this.#children.values()].map(({ pid }) => pid)
  }

  /** Frees a case's memory everywhere. */
  async release(): Promise<void> {
    for (const [name, child] of this.#children) {
      // One that has died holds nothing; the next case starts another.
      await child.ask({ do: 'release' }).catch(() => this.#children.delete(name))
    }
  }

  /** Ends a process that no longer answers, so that the next case starts another. */
  drop({ process }: Contender): void {
    this.#children.get(process)?.stop()
    this.#children.delete(process)
  }

  /** Ends them for good: whoever is being asked answers no more. */
  stop(): void {
    this.#stopped = true
    for (const child of this.#children.values()) child.stop()
    this.#children.clear()
  }
}
