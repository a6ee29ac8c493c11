import { selftest as runAll, type SelftestRun } from '../selftest/index.js'
import type { Action } from './action.js'

/** The number of failed cases per run that are printed by name. */
const SHOWN_FAILURES = 5

/** Runs the self-test on every backend here. The exit code is 1 if any bit differs. */
export const selftest: Action = async ({ json }) => {
  const report = await runAll()
  if (json) {
    console.log(JSON.stringify(report, null, 2))
  } else {
    for (const run of report.runs) console.log(lineOf(run, report.cases))
    console.log(
      report.ok
        ? `ok: evenkeel ${report.version}, the same bits in all runs; digest ${report.digest}`
        : `FAILED: evenkeel ${report.version}; expected digest ${report.expected}. Please report this with the output of \`evenkeel info\`.`,
    )
  }
  return report.ok ? 0 : 1
}

function lineOf({ backend, threads, async, beyondCache, ok, failures }: SelftestRun, cases: number): string {
  const setting = [
    `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    ...(async ? ['asynchronous'] : []),
    ...(beyondCache ? ['beyond the cache'] : []),
  ]
  const title = `${backend}, ${setting.join(', ')}`
  if (ok) return `${title}: ${cases} cases, the expected bits`
  const shown = failures.slice(0, SHOWN_FAILURES).map((each) => `\n  ${each}`)
  return `${title}: WRONG BITS in ${failures.length} of ${cases} cases:${shown.join('')}${failures.length > SHOWN_FAILURES ? '\n  ...' : ''}`
}
