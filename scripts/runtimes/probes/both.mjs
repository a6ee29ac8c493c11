// What a project's import and its require of evenkeel find.
import { createRequire } from 'node:module'
import { info } from 'evenkeel'

const required = createRequire(import.meta.url)('evenkeel')
console.log(JSON.stringify({ imported: info(), required: required.info() }))
