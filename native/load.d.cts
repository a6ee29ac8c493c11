export interface Loaded {
  addon: object | null
  /** The addon's file, relative to the package. */
  binary: string | null
  /** Why files were passed over, or none fits. */
  errors: string[]
}

/** Loads the best addon for this machine, once; never throws. */
export function load(): Loaded
/** How many threads this machine runs side by side. */
export function parallelism(): number
/** One line on stderr, once in a process: that the portable backend runs, for the first of these reasons. */
export function hint(errors: readonly string[]): void
