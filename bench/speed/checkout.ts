import { fileURLToPath } from 'node:url'

// Checkouts of evenkeel: this one, and others that were built.

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** What a build makes last, from a checkout's root. */
export const ENTRY = 'dist/esm/index.js'
