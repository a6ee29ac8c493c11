import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { binaries } from './environments/binaries.js'
import { arrange, type Environment, run } from './environments/environment.js'
import { places } from './environments/places.js'
import { processes } from './environments/processes.js'
import { variables } from './environments/variables.js'
import { install, newFolder, PREBUILT, pack } from './support/package.js'

// The installed package in an environment with a fault. It runs and gives the right bits, or says what is wrong and how
// to correct it. It never crashes.

const folder = newFolder()
let installed: string
beforeAll(() => {
  installed = install(pack(folder), folder)
})
afterAll(() => rmSync(folder, { recursive: true }))

describe.each([
  ['the binary', binaries],
  ['the environment', variables],
  ['the process', processes],
  ['the place', places],
])('%s', (_, environments) => {
  for (const each of environments) it.skipIf(each.only === false)(each.name, () => check(each))
})

async function check(environment: Environment): Promise<void> {
  const { expected } = environment
  const scene = arrange(environment, installed, PREBUILT)
  try {
    const { ended, stderr, printed } = await run(environment, scene)
    if ('refused' in expected) {
      expect([ended, printed]).toEqual([1, null])
      expect(stderr).toMatch(expected.refused)
      return
    }
    expect({ ended, printed }, stderr).toEqual({ ended: 0, printed: expect.anything() })
    if ('error' in expected) {
      expect(printed).toEqual({ error: expect.stringMatching(expected.error) })
      return
    }
    const errors = expected.errors?.map((reason) => expect.stringMatching(reason)) ?? expect.any(Array)
    expect(printed).toEqual({ backend: expected.backend, errors, ok: true })
    if (expected.hint === null) expect(stderr).toBe('')
    else if (expected.hint) expect(stderr).toMatch(expected.hint)
  } finally {
    rmSync(scene.project, { recursive: true })
  }
}
