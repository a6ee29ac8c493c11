// Writes the digests of the native backend for every setting of the live page. Where the addon does not load there are
// none, and the page says so.
import { writeFileSync } from 'node:fs'
import { info } from '../../../src/index.js'
import { digestOf, inputOf, normalized } from './norms.js'
import { keyOf, NORMS, SETTINGS } from './settings.js'

const { backend, isa } = info()
const digests: Record<string, string> = {}
if (backend === 'native')
  for (const setting of SETTINGS)
    for (const norm of NORMS)
      digests[keyOf(norm, setting)] ??= digestOf(normalized(norm, inputOf(setting), setting.groups))

writeFileSync(new URL('native.json', import.meta.url), JSON.stringify({ isa, digests }))
