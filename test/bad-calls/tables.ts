import { BACKWARD } from './backward.js'
import { CONSTRUCTION } from './construction.js'
import { FORWARD } from './forward.js'
import { FUNCTIONS } from './functions.js'
import { MOMENTS } from './moments.js'
import { OUT } from './out.js'
import { STATE_DICTS } from './state-dicts.js'
import { TENSORS } from './tensors.js'
import { WORKSPACES } from './workspaces.js'

export const TABLES = {
  construction: CONSTRUCTION,
  tensors: TENSORS,
  forward: FORWARD,
  out: OUT,
  backward: BACKWARD,
  functions: FUNCTIONS,
  moments: MOMENTS,
  'state dicts': STATE_DICTS,
  workspaces: WORKSPACES,
}
export const ROWS = Object.values(TABLES).flat()
