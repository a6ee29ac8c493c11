import { EMULATED } from './emulated.mjs'
import { GLIBC } from './glibc.mjs'
import { MUSL } from './musl.mjs'

/**
 * A row each: `prepare(store)` returns where the user's `project` is, the commands that `install` a tarball there and run
 * a script (`runtime`), the `root` that they see as /, and their `env`. `binary` and `offThread`: what info()
 * must say of it. `rounds`: of workers, where not all are run.
 */
export const ENVIRONMENTS = [...GLIBC, ...MUSL, ...EMULATED]
