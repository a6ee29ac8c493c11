import type { Plan } from '../../engine/plan.js'
import type { Backend, ForwardBuffers } from '../backend.js'
import { backward, type ChannelPattern, forward } from './channels.js'
import * as columns from './columns.js'
import * as planes from './planes.js'
import * as rows from './rows.js'

type Passes = Pick<Backend, 'forward' | 'backward'>

function passesOf(pattern: ChannelPattern): Passes {
  return {
    forward: (plan, io) => forward(pattern, plan, io),
    backward: (plan, io) => backward(pattern, plan, io),
  }
}

const patterns: Readonly<Record<'rows' | 'planes' | 'columns', Passes>> = {
  rows,
  planes: passesOf(planes),
  columns: passesOf(columns),
}

/** Of no elements mean and variance are 0, so that they spoil no gradient. */
function forwardNothing(plan: Plan, io: ForwardBuffers): void {
  if (plan.given) return
  io.mean.fill(0)
  io.variance.fill(0)
}

/** The backend in plain TypeScript: the specification of the arithmetic, and the fallback where native does not load. */
export const portable: Backend = {
  name: 'portable',
  forward: (plan, io) =>
    plan.size > 0 ? patterns[plan.pattern].forward(plan, io) : forwardNothing(plan, io),
  // Nothing has no gradient: what dweight and dbias hold stays, bit for bit.
  backward: (plan, io) => {
    if (plan.size > 0) patterns[plan.pattern].backward(plan, io)
  },
}
