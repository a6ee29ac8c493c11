import { join } from 'node:path'
import { node } from '../environments/glibc.mjs'
import { lastLines, run } from '../processes.mjs'
import { projectWith } from './project.mjs'
import { RUNNERS_NODE, VITEST } from './vitest.mjs'

// The test runners of users. Jest and the vm pools of Vitest run tests in a realm of their own. Jest's jsdom
// environment resolves packages with the condition `browser`.

const COMPUTES = `
const x = () => ({ data: Float32Array.of(1, 2, 3, 4), shape: [1, 4] })
const rounded = ({ data }) => Array.from(data, (value) => Number(value.toFixed(3)))
const NORMALIZED = [-1.342, -0.447, 0.447, 1.342]

test('evenkeel computes on arrays of this realm', async () => {
  const norm = new LayerNorm(4)
  expect(rounded(norm.forward(x()))).toEqual(NORMALIZED)
  const out = x()
  expect(norm.forward(x(), { out })).toBe(out)
  expect(rounded(out)).toEqual(NORMALIZED)
  const dx = norm.backward({ data: Float32Array.of(1, 0, 0, 0), shape: [1, 4] })
  expect(rounded(dx)).toEqual([0.268, -0.358, -0.089, 0.179])
  expect(rounded(await norm.forwardAsync(x()))).toEqual(NORMALIZED)
  const weight = { data: Float32Array.of(2, 2, 2, 2), shape: [4] }
  norm.loadStateDict({ weight, bias: { data: new Float32Array(4), shape: [4] } })
  expect(rounded(norm.forward(x()))).toEqual([-2.683, -0.894, 0.894, 2.683])
  expect(info().backend).toBe(process.env.EXPECTED_BACKEND)
})
`
const JEST_TEST = `const { info, LayerNorm } = require('evenkeel')\n${COMPUTES}`
const VITEST_TEST = `import { expect, test } from 'vitest'\n`
const VITEST_IMPORT = `${VITEST_TEST}import { info, LayerNorm } from 'evenkeel'\n${COMPUTES}`
const VITEST_REQUIRE = `${VITEST_TEST}import { createRequire } from 'node:module'
const { info, LayerNorm } = createRequire(import.meta.url)('evenkeel')\n${COMPUTES}`

/** The rows of one runner: its options and the expected backend. All rows share a project. */
function runner({ packages, script, files, modes }) {
  const [name, version] = packages[0].split('@')
  const tests = Object.keys(files).length
  let project = null
  return modes.map(([options, backend]) => ({
    id: `${name}${version.split('.')[0]}${options.map((option) => option.replace(/^--/, '-').replace(/\W+/g, '-')).join('')}`,
    group: 'test-runners',
    title: `${name} ${version}`,
    what: `\`${[name, ...options].join(' ')}\`: ${tests === 1 ? 'a test' : `${tests} tests, by import and by require`}, Node ${RUNNERS_NODE}`,
    check(context) {
      project ??= projectWith(context, `${name}-${version}`, packages, files)
      const command = [
        node(context.store, RUNNERS_NODE),
        join(project, script),
        ...(name === 'vitest' ? ['run'] : []),
        ...options,
      ]
      const env = { EXPECTED_BACKEND: backend, EVENKEEL_QUIET: '1', NO_COLOR: '1' }
      const { how, stdout, stderr } = run(command, { cwd: project, env })
      const passed = Number(/Tests:?\s+(\d+) passed/.exec(stdout + stderr)?.[1])
      if (how !== 0 || passed !== tests) throw new Error(`ended with ${how}:\n${lastLines(stdout + stderr)}`)
      return `${passed} passed, ${backend}`
    },
  }))
}

const jest = (version) =>
  runner({
    packages: [`jest@${version}`, `jest-environment-jsdom@${version}`],
    script: 'node_modules/jest/bin/jest.js',
    files: { 'layer.test.js': JEST_TEST },
    modes: [
      [['--env=node'], 'native'],
      [['--env=jsdom'], 'portable'],
    ],
  })

const vitest = (release) =>
  runner({
    packages: [release, 'jsdom@29.1.1'],
    script: 'node_modules/vitest/vitest.mjs',
    files: { 'import.test.mjs': VITEST_IMPORT, 'require.test.mjs': VITEST_REQUIRE },
    modes: [
      [['--environment=jsdom'], 'native'],
      [['--pool=vmThreads'], 'native'],
      [['--pool=vmForks'], 'native'],
      [['--execArgv=--conditions=browser'], 'portable'],
      [['--pool=vmForks', '--execArgv=--conditions=browser'], 'portable'],
    ],
  })

export const TEST_RUNNERS = [
  ...jest('29.7.0'),
  ...jest('30.5.2'),
  ...vitest('vitest@4.1.12'),
  ...vitest(VITEST),
]
