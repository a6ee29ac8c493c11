import { BROWSER } from './browser.mjs'
import { BUNDLERS } from './bundlers.mjs'
import { ELECTRON } from './electron.mjs'
import { PACKAGE_MANAGERS } from './package-managers.mjs'
import { TEST_RUNNERS } from './test-runners.mjs'
import { VITEST_THREADS } from './vitest.mjs'

/** The rows of the second table. `check(context)` uses the tarball with a tool, and returns the result. */
export const TOOLS = [...PACKAGE_MANAGERS, VITEST_THREADS, ...TEST_RUNNERS, ...BUNDLERS, BROWSER, ELECTRON]
