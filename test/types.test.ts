import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

test('options may be undefined under exactOptionalPropertyTypes', { timeout: 120_000 }, () => {
  const compiler = here('../node_modules/typescript/bin/tsc')
  const project = here('types/tsconfig.json')
  const { status, stdout } = spawnSync(process.execPath, [compiler, '--noEmit', '-p', project], {
    encoding: 'utf8',
  })
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
})
