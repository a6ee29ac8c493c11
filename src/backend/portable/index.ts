import type { Backend } from '../backend.js'
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

/** The backend in plain TypeScript: the specification of the arithmetic, and the fallback where native does not load. */
export const portable: Backend = {
  name: 'portable',
  forward: (plan, io) => patterns[plan.pattern].forward(plan, io),
  backward: (plan, io) => patterns[plan.pattern].backward(plan, io),
}
