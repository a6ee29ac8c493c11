// Prints info() of evenkeel as a project imports it, and as it requires it.
import { createRequire } from 'node:module'
import { info } from 'evenkeel'

const required = createRequire(import.meta.url)('evenkeel')
console.log(JSON.stringify({ imported: info(), required: required.info() }))
