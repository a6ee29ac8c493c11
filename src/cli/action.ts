/** What a command does: prints what it found, and returns the exit code. */
export type Action = (options: { readonly json: boolean }) => number | Promise<number>
