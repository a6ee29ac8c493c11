import { EMULATED } from './emulated.mjs'
import { GLIBC } from './glibc.mjs'
import { MUSL } from './musl.mjs'

/**
 * The rows of the table. `prepare(store)` returns the folder of the user's `project`, the commands that `install` a
 * tarball there and that run a script (`runtime`), the `root` that these commands see as /, and their `env`. info()
 * must return `binary` and `offThread`. `rounds` is the number of rounds of workers, if it is not the usual one.
 */
export const ENVIRONMENTS = [...GLIBC, ...MUSL, ...EMULATED]
