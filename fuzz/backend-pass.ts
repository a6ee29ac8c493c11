import { type OperandTable, PASS_NAMES, PASSES } from '../src/backend/operands.js'
import type { DType, FloatArray } from '../src/index.js'
import type { Call } from './call.js'
import type { DataSpec, Step } from './scenario.js'
import type { Side } from './side.js'

/** A pass of the backend itself, on the plan of a context: with arrays that fit, or with one that does not. */
export function runPass(side: Side, step: Extract<Step, { op: 'pass' }>): Call {
  const { contexts, library } = side
  const plan = contexts[step.context % contexts.length]?.plan
  if (plan === undefined) return { run: () => {} }
  const pass = PASS_NAMES[step.pass % PASS_NAMES.length]
  const table: OperandTable = PASSES[pass]
  const lengths = { data: plan.size, affine: plan.affineLength, statistics: plan.slots }
  const wrong = step.wrong === null ? -1 : step.wrong.operand % table.length
  let bad = false
  const arrays = table.map(({ field, kind }, i): FloatArray | null => {
    const spec = { ...step.data, seed: step.data.seed + i }
    if (kind === 'affine' && (spec.seed & 4) === 0) return null
    const dtype = kind === 'statistics' ? 'float64' : plan.dtype
    const length = Math.max(lengths[kind] + (i === wrong ? step.wrong!.by : 0), 0)
    const other = i === wrong && step.wrong!.by === 0
    bad ||= other || length !== lengths[kind]
    return side.array(field, fitting(spec, kind), length, other ? opposite(dtype) : dtype)
  })
  const written = arrays.filter((_, i) => table[i].written)
  const io = Object.fromEntries(table.map(({ field }, i) => [field, arrays[i]]))
  const backend = library.backend as unknown as Readonly<Record<string, (plan: unknown, io: unknown) => void>>
  return { writes: written, bad, run: () => backend[pass](plan, io) }
}

function opposite(dtype: DType): DType {
  return dtype === 'float64' ? 'float32' : 'float64'
}

/** Ordinary numbers for statistics: a variance is not negative. */
function fitting(spec: DataSpec, kind: string): DataSpec {
  return kind === 'statistics' ? { ...spec, fill: 0 } : spec
}
