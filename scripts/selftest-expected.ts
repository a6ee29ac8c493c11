// Writes src/selftest/expected.ts from the portable backend: npm run selftest:expected.
import { writeFileSync } from 'node:fs'
import { portable } from '../src/backend/portable/index.js'
import { hashOf, selftestCases } from '../src/selftest/cases.js'

const rows: string[] = []
for (const each of selftestCases) rows.push(`  '${each.title}': '${await hashOf(portable, each)}',`)
writeFileSync(
  new URL('../src/selftest/expected.ts', import.meta.url),
  `/**
 * The hash of the results of each case. scripts/selftest-expected.ts makes it with the portable backend. If it changes, bits
 * change: users who have stored results, or who compare machines, get other numbers.
 */
export const EXPECTED: Readonly<Record<string, string>> = {
${rows.join('\n')}
}
`,
)
