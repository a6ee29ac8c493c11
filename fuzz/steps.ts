import { runPass } from './backend-pass.js'
import type { Call, Make } from './call.js'
import { FUNCTION_STEPS } from './function-steps.js'
import { LAYER_STEPS } from './layer-steps.js'
import { type Parameters, type Step, UNPREPARED } from './scenario.js'
import type { Side } from './side.js'

const MAKERS = { ...LAYER_STEPS, ...FUNCTION_STEPS, pass: runPass }

/** Makes the call of a step ready on one side. Whatever it allocates is known to the side before the call. */
export function callOf(side: Side, step: Step): Call {
  const made = firstNeeded(side, step)
  const make = MAKERS[made.op as keyof typeof MAKERS] as Make<Step['op']>
  return make(side, made as never)
}

/** The step, or one that makes what the step needs: before any forward, most backwards would only be refused. */
function firstNeeded({ contexts, ownContexts, moments, dicts, results }: Side, step: Step): Step {
  const inOrder = (seed: number) => seed % UNPREPARED !== 0
  if (step.op === 'backward' && results.length === 0 && inOrder(step.dy.seed))
    return { op: 'forward', x: step.dy, out: step.out, more: 0, mode: step.mode }
  if (step.op === 'backward' && step.context !== null && ownContexts.length === 0) return { op: 'context' }
  if (step.op === 'gradients' && contexts.length === 0 && inOrder(step.dy.seed))
    return { op: 'function', x: step.dy, out: step.out, parameters: NO_PARAMETERS }
  if (step.op === 'normalize' && moments.length === 0 && inOrder(step.x.seed))
    return { op: 'moments', x: step.x, about: 'mean' }
  if (step.op === 'loadStateDict' && dicts.length === 0) return { op: 'stateDict' }
  return step
}

const NO_PARAMETERS: Parameters = {
  weight: null,
  bias: null,
  statistics: null,
  workspace: false,
  longer: 'neither',
}
