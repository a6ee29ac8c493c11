// Checks the includes of native/. A folder may include itself and the folders below it. `npm run check` runs this.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../native/', import.meta.url))

/** The folders that the files of each folder may include, besides their own. */
const BELOW = {
  base: [],
  simd: ['base'],
  kernels: ['base', 'simd'],
  isa: ['base', 'simd', 'kernels'],
  runtime: ['base'],
  core: ['base', 'kernels', 'runtime'],
  binding: ['base', 'kernels', 'isa', 'runtime', 'core'],
}

/** The forbidden includes of one file, as lines to print. */
function climbs(folder, file) {
  const allowed = [folder, ...BELOW[folder]]
  const text = readFileSync(join(root, folder, file), 'utf8')
  return [...text.matchAll(/^#include "([a-z_]+)\/.*"/gm)]
    .filter(([, other]) => other in BELOW && !allowed.includes(other))
    .map(([include]) => `native/${folder}/${file}: ${include}: ${folder} may include ${allowed.join(', ')}`)
}

const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory())
const unknown = folders
  .filter(({ name }) => !(name in BELOW))
  .map(({ name }) => `native/${name} is on no floor`)
const found = folders
  .filter(({ name }) => name in BELOW)
  .flatMap(({ name }) => readdirSync(join(root, name)).flatMap((file) => climbs(name, file)))

for (const line of [...unknown, ...found]) console.error(line)
if (unknown.length + found.length > 0) process.exitCode = 1
else console.log(`floors: ${folders.length} folders`)
