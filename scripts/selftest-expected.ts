// Writes src/selftest/expected.ts from the portable backend: npm run selftest:expected.
import { writeFileSync } from 'node:fs'
import { portable } from '../src/backend/portable/index.js'
import { hashOf, selftestCases } from '../src/selftest/cases.js'

const rows: string[] = []
for (const each of selftestCases) rows.push(`  '${each.title}': '${await hashOf(portable, each)}',`)
writeFileSync(
  new URL('../src/selftest/expected.ts', import.meta.url),
  `/**
 * The hash of each case's results, by scripts/selftest-expected.ts from the portable backend. A change of it is a change
 * of bits: whoever has stored results, or compares machines, sees other numbers.
 */
export const EXPECTED: Readonly<Record<string, string>> = {
${rows.join('\n')}
}
`,
)
