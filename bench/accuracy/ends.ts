import { backends, info } from '../../src/index.js'
import { Random } from '../../src/selftest/random.js'
import { drawEnds, type EndsCase, type Measure, measureEnds, runEnds } from '../../test/support/ends.js'
import { OUTCOME_FIELDS, type Outcome, outcomeDifferences } from '../../test/support/run.js'
import { ENDS_ROUNDINGS } from '../../test/support/tolerance.js'

// npm run accuracy:ends [-- count [seed]]: every layer over the whole range of the floats, against exact arithmetic.

const [count, seed] = [process.argv[2] ?? 20_000, process.argv[3] ?? 1].map(Number)

/** The worst of each field, for one layer and type. */
type Line = Record<keyof Outcome, Measure> & { cases: number }

const random = new Random(seed)
const lines = new Map<string, Line>()
const failures: string[] = []
let values = 0
let outOfRange = 0
let cases = 0

for (let i = 0; i < count; i++) {
  const each = drawEnds(random)
  if (each === null) continue
  cases++
  const measured = measureEnds(each, runAll(each))
  const line = lineOf(each)
  line.cases++
  for (const field of OUTCOME_FIELDS) {
    const measure = measured[field]
    values += measure.values
    outOfRange += measure.outOfRange
    if (measure.roundings > line[field].roundings) line[field] = measure
    if (measure.roundings > ENDS_ROUNDINGS[field]) failures.push(measure.where)
  }
}

console.log(
  `evenkeel ${info().version}: ${backends()
    .map(({ name }) => name)
    .join(', ')} (compared: the same bits)`,
)
console.log(`${cases} inputs from seed ${seed}, ${values} results against exact arithmetic`)
console.log(
  `${outOfRange} results are Infinity or NaN because a term of them leaves the type; no other result is\n`,
)
console.log('the largest error, in roundings (2^-24, 2^-53) of the largest term of the result')
console.log(['', ...OUTCOME_FIELDS].map((word, i) => word.padStart(i === 0 ? 36 : 10)).join(''))
for (const key of [...lines.keys()].sort()) {
  const line = lines.get(key)!
  const cells = OUTCOME_FIELDS.map((field) => line[field].roundings.toFixed(1).padStart(10))
  console.log(key.padEnd(36) + cells.join(''))
}
console.log(
  failures.length === 0
    ? `\nall within ${OUTCOME_FIELDS.map((field) => `${ENDS_ROUNDINGS[field]} (${field})`).join(', ')}`
    : `\n${failures.length} beyond what is promised:\n${failures.slice(0, 10).join('\n')}`,
)
process.exitCode = failures.length === 0 ? 0 : 1

/** Runs every backend; throws unless all give the same bits. */
function runAll(each: EndsCase): Outcome {
  const [first, ...others] = backends().map((backend) => runEnds(backend, each))
  for (const [i, other] of others.entries()) {
    const differences = outcomeDifferences(other, first)
    if (differences.length > 0) throw new Error(`${backends()[i + 1].name}, ${each.title}: ${differences}`)
  }
  return first
}

function lineOf({ kind, plan }: EndsCase): Line {
  const key = `${kind} ${plan.dtype}`
  const nothing: Measure = { roundings: 0, where: '', outOfRange: 0, values: 0 }
  const empty = Object.fromEntries(OUTCOME_FIELDS.map((field) => [field, nothing]))
  const line = lines.get(key) ?? ({ ...empty, cases: 0 } as Line)
  lines.set(key, line)
  return line
}
