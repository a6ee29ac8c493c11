/** What kills of fit and apply did. */
export interface Kills {
  readonly kills: number
  /** How many of them met a running job. */
  readonly met: number
  readonly faults: readonly string[]
}

export declare function killJobs(command: readonly string[], count: number): Promise<Kills>
