import type { Backend } from '../backend.js'
import * as columns from './columns.js'
import * as planes from './planes.js'
import * as rows from './rows.js'

const patterns = { rows, planes, columns }

/** The backend in plain TypeScript: the specification of the arithmetic, and the fallback where native does not load. */
export const portable: Backend = {
  name: 'portable',
  forward: (plan, io) => patterns[plan.pattern].forward(plan, io),
  backward: (plan, io) => patterns[plan.pattern].backward(plan, io),
}
