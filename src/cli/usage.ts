/** The command line is wrong. The message says what is expected. */
export class UsageError extends Error {}
