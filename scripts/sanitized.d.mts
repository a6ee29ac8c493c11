/** A copy of the package, and the environment for Node in it. */
export interface Sanitized {
  readonly tree: string
  readonly env: NodeJS.ProcessEnv
}

export declare function arrangeSanitized(folder: string): Sanitized
