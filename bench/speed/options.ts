import { InvalidArgumentError } from 'commander'
import { fail } from '../../src/errors.js'
import { allCases, type BenchCase } from './cases.js'
import { CONTENDER_NAMES, type Contender, findContenders } from './contenders.js'
import type { Settings } from './measure.js'

// The words of the command line, checked before anything runs.

export interface RunOptions {
  readonly filter?: RegExp
  readonly contenders?: readonly string[]
  readonly threads?: readonly number[]
  readonly quick: boolean
  readonly rounds?: number
  readonly budget?: number
  readonly json?: string
  readonly chart?: string
}

const FULL: Settings = { rounds: 7, timeSlice: 30, budget: 2 }
const QUICK: Settings = { rounds: 3, timeSlice: 20, budget: 0.2 }

export function settingsOf({ quick, rounds, budget }: RunOptions): Settings {
  const usual = quick ? QUICK : FULL
  return { ...usual, rounds: rounds ?? usual.rounds, budget: budget ?? usual.budget }
}

/** @throws EvenkeelError where none is left. */
export function casesOf(
  { filter, quick }: RunOptions,
  cases: readonly BenchCase[] = allCases(),
): BenchCase[] {
  const chosen = cases.filter((each) => (!quick || each.quick) && (filter?.test(each.name) ?? true))
  if (chosen.length > 0) return chosen
  fail(
    'EVENKEEL_OPTION',
    '--filter',
    `no case matches ${filter}`,
    `try one of these names: ${cases
      .slice(0, 3)
      .map(({ name }) => `'${name}'`)
      .join(', ')}`,
  )
}

/**
 * Those that --contenders names, or all that are here; the absent ones are told.
 * @throws EvenkeelError where one is named that is not here.
 */
export function contendersOf({ contenders: names }: RunOptions, tell: (text: string) => void): Contender[] {
  const { present, absent } = findContenders(process.env)
  if (names === undefined) {
    for (const { name, why } of absent) tell(`without ${name}: ${why}`)
    return present
  }
  const missing = absent.find(({ name }) => names.includes(name))
  if (missing) fail('EVENKEEL_OPTION', '--contenders', `${missing.name} is not here`, missing.why)
  return present.filter(({ name }) => names.includes(name))
}

// Parsers for commander, which puts the option's name before their words.

export function pattern(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch (error) {
    throw new InvalidArgumentError(
      `${(error as Error).message}; brackets of shapes need backslashes: '\\[8, 64\\]'.`,
    )
  }
}

export function contenderList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !(CONTENDER_NAMES as readonly string[]).includes(name))
  if (unknown === undefined) return names
  throw new InvalidArgumentError(
    `there is no contender '${unknown}'; there are ${CONTENDER_NAMES.join(', ')}.`,
  )
}

export function threadList(text: string): number[] {
  const counts = text.split(',').map(Number)
  if (counts.every((count) => Number.isSafeInteger(count) && count > 0)) return counts
  throw new InvalidArgumentError("expected whole numbers from 1 up, as in '1,2'.")
}

export function positive(text: string): number {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new InvalidArgumentError('expected a number above 0.')
}

export function count(text: string): number {
  if (Number.isSafeInteger(positive(text))) return Number(text)
  throw new InvalidArgumentError('expected a whole number from 1 up.')
}
