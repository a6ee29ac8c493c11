import { backends, info } from '../../src/index.js'
import { INPUTS, ROWS } from './cases.js'
import { type Errors, errorsOf, type Measured, prepare, runEvenkeel } from './measure.js'
import { runPyTorch } from './pytorch.js'

// npm run accuracy: float32 results against the naive float64 oracle, which takes the float32 inputs as exact.

/** What the project promises; the command fails where it does not hold. */
const LARGEST_FORWARD_ERROR = 4e-6
const LARGEST_GRADIENT_ERROR = 1e-5

const measured = ROWS.flatMap((row) => INPUTS.map((input) => prepare(row, input)))
const pytorch = runPyTorch(measured)
const misses: string[] = []

console.log(
  `evenkeel ${info().version}: ${backends()
    .map(({ name }) => name)
    .join(', ')} (compared: the same bits)`,
)
console.log(
  pytorch
    ? `PyTorch ${pytorch.version}`
    : 'PyTorch: not run; EVENKEEL_PYTHON=python, one that has PyTorch 2.13, fills its columns',
)
console.log(
  'forward: largest absolute error, of outputs with unit variance; 0 on constant input is exactly the bias',
)
console.log('gradient: of input, weight and bias the worst of (largest error / largest element)\n')
console.log(line('', 'input', ['evenkeel', '', 'PyTorch', '']))
console.log(line('', '', ['forward', 'gradient', 'forward', 'gradient']))

measured.forEach((each, i) => {
  const ours = errorsOf(each, runEvenkeel(each))
  const theirs = pytorch && errorsOf(each, pytorch.outputs[i])
  const cells = [...cellsOf(ours), ...(theirs ? cellsOf(theirs) : ['-', '-'])]
  const isFirst = i === 0 || measured[i - 1].row !== each.row
  console.log(line(isFirst ? each.row.name : '', each.input.name, cells))
  if (missed(each, ours)) misses.push(`${each.row.name}, ${each.input.name}`)
})

console.log(
  misses.length === 0
    ? `\nall ${measured.length} rows: forward within ${LARGEST_FORWARD_ERROR.toExponential()}, gradients within ${LARGEST_GRADIENT_ERROR.toExponential()}, constants exactly the bias`
    : `\n${misses.length} of ${measured.length} rows miss: ${misses.join('; ')}`,
)
process.exitCode = misses.length === 0 ? 0 : 1

function missed({ input, row }: Measured, { forward, gradient }: Errors): boolean {
  const exact = input.constant && row.plan.centred
  return !(forward <= (exact ? 0 : LARGEST_FORWARD_ERROR) && gradient <= LARGEST_GRADIENT_ERROR)
}

function cellsOf({ forward, gradient }: Errors): string[] {
  return [forward, gradient].map((error) =>
    error === 0 ? '0' : Number.isFinite(error) ? error.toExponential(1) : String(error),
  )
}

function line(row: string, input: string, cells: readonly string[]): string {
  return row.padEnd(28) + input.padEnd(16) + cells.map((cell) => cell.padStart(10)).join('')
}
