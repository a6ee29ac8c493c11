import { BROWSER } from './browser.mjs'
import { BUNDLERS } from './bundlers.mjs'
import { ELECTRON } from './electron.mjs'
import { VITEST_THREADS } from './vitest.mjs'

/** A row each of the second table: `check(context)` uses the tarball with a tool, and returns what came of it. */
export const TOOLS = [VITEST_THREADS, ...BUNDLERS, BROWSER, ELECTRON]
