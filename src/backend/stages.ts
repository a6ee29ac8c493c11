import type { Plan, Stages } from '../engine/plan.js'
import { type FloatArray, newArray } from '../tensor.js'
import type { Backend } from './backend.js'
import type { Buffers, PassName } from './operands.js'

// A plan with stages is a norm without weight and bias, and these two over its result: y = xhat * weight + bias, with
// xhat rounded to the element type, as in rows. Each pass over it is a few passes over plans that every backend knows.

/** One pass of several. */
interface Stage<P extends PassName = PassName> {
  readonly pass: P
  readonly plan: Plan
  readonly io: Buffers<P>
}

type StepsOf = { readonly [P in PassName]: (plan: Plan, io: Buffers<P>) => Step[] }

function step<P extends PassName>(pass: P, plan: Plan, io: Buffers<P>): Step {
  return { pass, plan, io } as Step
}

/** y = y * weight + bias; nothing where there are neither. */
function scale({ scale: plan }: Stages, y: FloatArray, weight: FloatArray | null, bias: FloatArray | null) {
  return weight === null && bias === null
    ? []
    : [step('apply', plan, { x: y, y, weight, bias, ...unitStatistics(plan) })]
}

/** With the eps of the plan, which is 1, their rstd is 1, and they change nothing. */
function unitStatistics({ slots }: Plan) {
  const zeros = newArray('float64', slots) as Float64Array
  return { mean: zeros, variance: zeros }
}

/** g = dy * weight, and the gradients of weight and bias; g is a new array. */
function scaleGradient(
  { normalize, scale: plan }: Stages,
  io: Buffers<'gradientSums'> | Buffers<'backward'>,
): { readonly g: FloatArray; readonly steps: Step[] } {
  const { dy, x, weight, mean, variance, dweight, dbias } = io
  const bare = { weight: null, bias: null }
  const xhat = newArray(plan.dtype, plan.size)
  const normalized = step('apply', normalize, { x, y: xhat, mean, variance, ...bare })
  const scaled = { dy, x: xhat, dx: xhat, weight, dweight, dbias, ...unitStatistics(plan) }
  return { g: xhat, steps: [normalized, step('backward', plan, scaled)] }
}

const NO_PARAMETERS = { weight: null, dweight: null, dbias: null }

const STEPS: StepsOf = {
  moments: (plan, io) => [step('moments', plan.stages!.normalize, io)],
  apply: ({ stages }, io) => [
    step('apply', stages!.normalize, { ...io, weight: null, bias: null }),
    ...scale(stages!, io.y, io.weight, io.bias),
  ],
  forward: ({ stages }, io) => [
    step('forward', stages!.normalize, { ...io, weight: null, bias: null }),
    ...scale(stages!, io.y, io.weight, io.bias),
  ],
  gradientSums: ({ stages }, io) => {
    const { g, steps } = scaleGradient(stages!, io)
    return [...steps, step('gradientSums', stages!.normalize, { ...io, dy: g, ...NO_PARAMETERS })]
  },
  applyGradient: ({ stages }, io) => {
    const { dy, weight } = io
    const g = newArray(stages!.scale.dtype, stages!.scale.size)
    const scaled = { ...NO_PARAMETERS, dy, x: dy, dx: g, weight, ...unitStatistics(stages!.scale) }
    return [
      step('backward', stages!.scale, scaled),
      step('applyGradient', stages!.normalize, { ...io, dy: g, weight: null }),
    ]
  },
  backward: ({ stages }, io) => {
    const { g, steps } = scaleGradient(stages!, io)
    return [...steps, step('backward', stages!.normalize, { ...io, dy: g, ...NO_PARAMETERS })]
  },
}

/** Runs a pass of a plan with stages. */
export function runStages<P extends PassName>(backend: Backend, pass: P, plan: Plan, io: Buffers<P>): void {
  for (const { pass: part, plan: stage, io: buffers } of STEPS[pass](plan, io)) {
    ;(backend[part] as (plan: Plan, io: unknown) => void)(stage, buffers)
  }
}

/** The same on another thread, a stage after the other. */
export async function runStagesAsync<P extends PassName>(
  backend: Backend,
  pass: P,
  plan: Plan,
  io: Buffers<P>,
): Promise<void> {
  for (const { pass: part, plan: stage, io: buffers } of STEPS[pass](plan, io)) {
    await (backend[`${part}Async`] as (plan: Plan, io: unknown) => Promise<void>)(stage, buffers)
  }
}
