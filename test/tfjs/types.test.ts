import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

it('options may be undefined under exactOptionalPropertyTypes, and unknown ones do not compile', () => {
  const compiler = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin',
    'tsc',
  )
  const project = fileURLToPath(new URL('./tsconfig.exact.json', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [compiler, '-p', project], { encoding: 'utf8' })
  expect(stderr).toBe('')
  // Users get the rest of this package as declarations. Its sources need not compile with this option.
  expect(stdout.split('\n').filter((line) => line.includes('tfjs/'))).toEqual([])
})
