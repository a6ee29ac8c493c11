/** What a command does with its options and arguments: prints what it found, and returns the exit code. */
export type Action<Options = { readonly json: boolean }> = (
  options: Options,
  args: readonly string[],
) => number | Promise<number>
