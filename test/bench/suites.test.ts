import { describe, expect, it } from 'vitest'
import { CONTENDER_NAMES, findContenders } from '../../bench/speed/contenders.js'
import { namedSuites, suitesOf } from '../../bench/speed/options.js'
import { SUITES } from '../../bench/speed/suites.js'
import { inWorkspace } from '../../bench/speed/workers/workspace.js'
import type { Tensor } from '../../src/index.js'

// What the options choose, and whom.

const all = Object.values(SUITES)

describe('suites', () => {
  it('name contenders that there are', () => {
    for (const name of all.flatMap(({ contenders }) => contenders)) expect(CONTENDER_NAMES).toContain(name)
  })

  it('are those that are named, in the order given', () => {
    expect(namedSuites({ quick: false, suites: ['loops', 'models'] })).toEqual([SUITES.loops, SUITES.models])
    expect(namedSuites({ quick: false })).toEqual(all)
  })

  it('lose the cases that the filter does not match, and go where none is left', () => {
    const suites = suitesOf({ quick: false, filter: /^InstanceNorm.*7, 7\] forward$/ }, all)
    expect(suites.map(({ cases, contenders }) => [cases.map(({ name }) => name), contenders])).toEqual([
      [
        ['32, 512, 7, 7', '16, 2048, 7, 7'].map((shape) => `InstanceNorm channels-first [${shape}] forward`),
        SUITES['small-planes'].contenders,
      ],
    ])
  })

  it('take the contenders and threads of the options, if there are any', () => {
    const suites = suitesOf({ quick: false, contenders: ['evenkeel-portable'], threads: [3] }, all)
    expect(suites).toHaveLength(all.length)
    for (const { contenders, threads } of suites) {
      expect(contenders).toEqual(['evenkeel-portable'])
      expect(threads).toEqual([3])
    }
  })

  it('have some cases each for --quick', () => {
    const quick = suitesOf({ quick: true }, all)
    expect(quick).toHaveLength(all.length)
    expect(quick.flatMap(({ cases }) => cases).length).toBeLessThan(80)
  })
})

it('starts the baseline on its own build, in a process of its own', () => {
  const { present } = findContenders({ env: {}, baseline: '/before' })
  const of = (wanted: string) => present.find(({ name }) => name === wanted)!
  expect(of('baseline').command.args.at(-1)).toBe('/before')
  expect(of('baseline-allocating').command.args.at(-1)).toBe('/before')
  expect(of('evenkeel').command.args.at(-1)).not.toBe('/before')
  expect(of('limit').process).toBe(of('evenkeel').process)
  expect(of('baseline').process).not.toBe(of('evenkeel').process)
  const { absent } = findContenders({ env: {} })
  expect(absent.map(({ name }) => name)).toContain('baseline')
})

it("runs the threads that --threading names in this build's processes, and in no other", () => {
  const { present } = findContenders({ env: {}, baseline: '/before', threading: 'openmp' })
  const asked = present.filter(({ command }) => command.env?.EVENKEEL_THREADING === 'openmp')
  expect(asked.map(({ name }) => name)).toEqual([
    'evenkeel',
    'evenkeel-allocating',
    'evenkeel-workspace',
    'limit',
  ])
})

it('gives back to the workspace what the call before drew', () => {
  const events: string[] = []
  const workspace = { release: () => void events.push('release') }
  const result = {} as Tensor
  const call = inWorkspace({ workspace: () => workspace }, (options) => {
    expect(options).toEqual({ workspace })
    events.push('call')
    return result
  }) as () => Tensor
  expect(call()).toBe(result)
  call()
  expect(events).toEqual(['release', 'call', 'release', 'call'])
  expect(inWorkspace({}, () => result)).toBe('this build exports no workspace()')
})
