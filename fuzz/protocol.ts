/** What a child is told to run. */
export interface Job {
  readonly backend: string
  readonly seed: number
  /** The number of the first scenario. */
  readonly first: number
  /** It ends after this number of calls, or at this time (as Date.now()). */
  readonly calls: number
  readonly until: number
  /** The file where it writes the number of the scenario that runs. */
  readonly place: string
}

/** How far a child is. */
export interface Report {
  readonly calls: number
  readonly errors: number
  readonly ops: readonly (readonly [op: string, calls: number])[]
  /** The number of the next scenario. */
  readonly scenario: number
  readonly failure: string | null
  readonly done: boolean
}
