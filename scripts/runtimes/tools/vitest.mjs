import { NODES, node } from '../environments/glibc.mjs'
import { must } from '../processes.mjs'
import { projectWith } from './project.mjs'

export const VITEST = 'vitest@5.1.1'
/** A version that every test runner supports. Vitest 5 does not support Node 20. */
export const RUNNERS_NODE = NODES.find((version) => version.startsWith('22.'))
/** More files than Vitest's pool has workers, so that workers are ended and started again. */
const FILES = 6

const VITEST_RUN = ['node_modules/vitest/vitest.mjs', 'run', '--pool=threads', '--maxWorkers=1']

const TEST = `
import { info, LayerNorm, tensor } from 'evenkeel'
import { expect, it } from 'vitest'

it('runs on the thread pool and on another thread', async () => {
  const x = tensor(new Float32Array(1024 * 1024).map((_, i) => i % 7), [1024, 1024])
  const expected = new LayerNorm(1024).forward(x)
  expect(info().backend).toBe('native')
  expect((await new LayerNorm(1024).forwardAsync(x)).data).toEqual(expected.data)
})
`

export const VITEST_THREADS = {
  id: 'vitest',
  title: VITEST.replace('@', ' '),
  what: `a user's ${FILES} test files with \`--pool=threads --maxWorkers=1\`: evenkeel in one worker after the other`,
  check(context) {
    const names = Array.from({ length: FILES }, (_, i) => `${i}.test.mjs`)
    const project = projectWith(
      context,
      'vitest',
      [VITEST],
      Object.fromEntries(names.map((name) => [name, TEST])),
    )
    const env = { EVENKEEL_THREADS: '2', NO_COLOR: '1' }
    const printed = must([node(context.store, RUNNERS_NODE), ...VITEST_RUN], {
      cwd: project,
      env,
    })
    const passed = /Tests\s+(\d+) passed/.exec(printed)?.[1]
    if (Number(passed) !== FILES) throw new Error(`${passed} of ${FILES} passed`)
    return `${passed} passed, exit code 0`
  },
}
