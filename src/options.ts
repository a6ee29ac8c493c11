import { describe, fail } from './errors.js'
import { meantName } from './names.js'

/** Throws if there is an option that is not in `known`. The message names the option that was probably meant. */
export function checkOptions(who: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    fail(
      'EVENKEEL_OPTION',
      who,
      `options must be an object, got ${describe(options)}`,
      `write { ${known[0]}: ... }; ${listed(known)}`,
    )
  }
  // Object.keys() would make an array in each call. Names that other code adds to Object.prototype are skipped.
  for (const name in options) {
    if (!known.includes(name) && Object.hasOwn(options, name)) unknownOption(who, name, options, known)
  }
}

function listed(known: readonly string[]): string {
  return `the options are ${known.join(', ')}`
}

/** Whether the value is an array or a tensor (of any library), which was passed in place of the options. */
function isData(value: object): boolean {
  return ArrayBuffer.isView(value) || Array.isArray((value as { shape?: unknown }).shape)
}

function unknownOption(who: string, name: string, options: object, known: readonly string[]): never {
  if (isData(options)) {
    fail(
      'EVENKEEL_OPTION',
      who,
      `options must be an object of options, got ${describe(options)}`,
      known.includes('out') ? 'to write the result into a tensor, pass { out: tensor }' : listed(known),
    )
  }
  if (name === 'momentum') refuseMomentum(who, (options as { momentum: unknown }).momentum, known)
  const meant = meantName(name, known)
  const all = listed(known)
  fail(
    'EVENKEEL_OPTION',
    who,
    `there is no option ${name}`,
    meant === undefined ? all : `try ${meant}${known.length > 1 ? `; ${all}` : ''}`,
  )
}

function refuseMomentum(who: string, value: unknown, known: readonly string[]): never {
  const came = typeof value === 'number' && value > 0 && value < 1 ? value : undefined
  fail(
    'EVENKEEL_OPTION',
    who,
    'there is no option momentum, because it has two meanings: the weight of the new batch in PyTorch, ' +
      'the weight of the old average in Keras',
    known.includes('runningAverage')
      ? `use runningAverage: { newWeight: ${came ?? 0.1} } for PyTorch's momentum ${came ?? 0.1}, ` +
          `'cumulative' for PyTorch's None, or { decay: ${came ?? 0.99} } for Keras's momentum`
      : 'leave it out: this norm keeps no running averages',
  )
}

/** Throws unless the value is one of the choices. The message lists them and names the one that was probably meant. */
export function checkChoice<T extends string>(
  who: string,
  name: string,
  value: unknown,
  choices: readonly T[],
): asserts value is T {
  if (choices.includes(value as T)) return
  const quoted = choices.map((choice) => `'${choice}'`)
  const all = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
  const meant = typeof value === 'string' ? meantName(value, choices) : undefined
  fail(
    'EVENKEEL_OPTION',
    who,
    `${name} must be ${all}, got ${describe(value)}`,
    meant === undefined ? 'give one of these' : `try '${meant}'`,
  )
}

/** Throws unless the value is true or false. */
export function checkBoolean(
  who: string,
  name: string,
  value: unknown,
  remedy = 'give one of these',
): asserts value is boolean {
  if (typeof value === 'boolean') return
  fail('EVENKEEL_OPTION', who, `${name} must be true or false, got ${describe(value)}`, remedy)
}

export function checkCount(who: string, name: string, value: unknown): asserts value is number {
  if (Number.isSafeInteger(value) && (value as number) > 0) return
  fail(
    'EVENKEEL_OPTION',
    who,
    `${name} must be a whole number from 1 up, got ${describe(value)}`,
    `give its extent, as in ${name}: 64`,
  )
}
