import { verify as verifyJob } from '../jobs/verify.js'
import type { Action } from './action.js'
import { forCommandLine } from './option-names.js'
import { counted } from './units.js'

/** Checks the outputs of an apply, or the statistics of a fit. The exit code is 1 if there is a fault. */
export const verify: Action = async ({ json }, [path]) => {
  const findings = await verifyJob(path)
  const { checked } = findings
  const faults = findings.faults.map(forCommandLine)
  if (json) console.log(JSON.stringify({ checked, faults }, null, 2))
  else if (faults.length === 0) console.log(`ok: ${path}, ${counted(checked, 'file')}`)
  else for (const fault of faults) console.log(fault)
  return faults.length === 0 ? 0 : 1
}
