import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { fail } from '../../src/errors.js'
import { info, type Threading } from '../../src/index.js'
import { ENTRY } from './checkout.js'
import { type Contender, type ContenderName, findContenders } from './contenders.js'
import type { Settings } from './measure.js'
import { SUITE_NAMES, SUITES, type Suite, type SuiteName } from './suites.js'

// The words of the command line, checked before anything runs.

export interface RunOptions {
  readonly filter?: RegExp
  readonly suites?: readonly SuiteName[]
  readonly contenders?: readonly ContenderName[]
  /** An absolute path. */
  readonly baseline?: string
  readonly threads?: readonly number[]
  readonly threading?: Threading
  readonly quick: boolean
  readonly rounds?: number
  readonly budget?: number
  readonly json?: string
  readonly chart?: string
}

const FULL: Settings = { rounds: 7, timeSlice: 30, budget: 0.5 }
const QUICK: Settings = { rounds: 3, timeSlice: 20, budget: 0.2 }

export function settingsOf({ quick, rounds, budget }: RunOptions): Settings {
  const usual = quick ? QUICK : FULL
  return { ...usual, rounds: rounds ?? usual.rounds, budget: budget ?? usual.budget }
}

/**
 * The suites with the cases, contenders and threads that the options choose.
 * @throws EvenkeelError where no case is left.
 */
export function suitesOf(
  { filter, quick, contenders, threads }: RunOptions,
  suites: readonly Suite[],
): Suite[] {
  const chosen = suites
    .map((suite) => ({
      ...suite,
      cases: suite.cases.filter((each) => (!quick || each.quick) && (filter?.test(each.name) ?? true)),
      contenders: contenders ?? suite.contenders,
      threads: threads ?? suite.threads,
    }))
    .filter(({ cases }) => cases.length > 0)
  if (chosen.length > 0) return chosen
  fail(
    'EVENKEEL_OPTION',
    '--filter',
    `no case matches ${filter ?? '--quick'}`,
    `try one of these names: ${suites
      .flatMap(({ cases }) => cases)
      .slice(0, 3)
      .map(({ name }) => `'${name}'`)
      .join(', ')}`,
  )
}

/** Those that --suites names, or all. */
export function namedSuites({ suites = SUITE_NAMES }: RunOptions): Suite[] {
  return suites.map((name) => SUITES[name])
}

/**
 * Those that the suites take and that are here; the absent ones are told.
 * @throws EvenkeelError where --contenders names one that is not here.
 */
export function contendersOf(
  { contenders: named, baseline, threading }: RunOptions,
  suites: readonly Suite[],
  tell: (text: string) => void,
): Contender[] {
  const wanted = new Set(suites.flatMap(({ contenders }) => contenders))
  const { present, absent } = findContenders({ env: process.env, baseline, threading })
  for (const { name, why } of absent.filter((each) => wanted.has(each.name))) {
    if (named) fail('EVENKEEL_OPTION', '--contenders', `${name} is not here`, why)
    tell(`without ${name}: ${why}`)
  }
  return present.filter(({ name }) => wanted.has(name))
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

/** A parser of lists of such names. */
export function listOf<Name extends string>(kind: string, names: readonly Name[]): (text: string) => Name[] {
  const isName = (word: string): word is Name => (names as readonly string[]).includes(word)
  return (text) =>
    text.split(',').map((each) => {
      const word = each.trim()
      if (isName(word)) return word
      throw new InvalidArgumentError(`there is no ${kind} '${word}'; there are ${names.join(', ')}.`)
    })
}

/** The path of a checkout that was built. */
export function builtCheckout(text: string): string {
  const path = resolve(text)
  if (existsSync(join(path, ENTRY))) return path
  throw new InvalidArgumentError(`there is no build in ${path}: run 'npm ci && npm run build' there.`)
}

export function threadList(text: string): number[] {
  const counts = text.split(',').map(Number)
  if (counts.every((count) => Number.isSafeInteger(count) && count > 0)) return counts
  throw new InvalidArgumentError("expected whole numbers from 1 up, as in '1,2'.")
}

/** Whose threads run, of those that are here. */
export function threadingName(text: string): Threading {
  const { threadings } = info()
  const found = threadings.find((each) => each === text)
  if (found) return found
  throw new InvalidArgumentError(`there is no '${text}' here; there are ${threadings.join(', ')}.`)
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
