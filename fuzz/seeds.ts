import { seedOf } from '../src/selftest/random.js'
import type { Scenario } from './scenario.js'

/** The seed of one scenario of a run, so that it can run alone. */
export function scenarioSeed(seed: number, scenario: number): number {
  return seedOf(`${seed} ${scenario}`) | 0
}

/** A scenario as a text: a line for each step that does something. */
export function printed({ subject, setting, steps }: Scenario): string {
  const lines = steps.filter(({ op }) => op !== 'nothing').map((step) => `  ${JSON.stringify(step)}`)
  return [`subject ${JSON.stringify(subject)}`, `setting ${JSON.stringify(setting)}`, 'steps', ...lines].join(
    '\n',
  )
}
