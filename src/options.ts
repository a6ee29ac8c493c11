import { describe, fail } from './errors.js'

/** What other libraries call our options; a better hint than the nearest spelling. */
const SYNONYMS: Readonly<Record<string, string>> = {
  epsilon: 'eps',
  gamma: 'weight',
  scale: 'weight',
  beta: 'bias',
  center: 'bias',
  shift: 'bias',
  elementwise_affine: 'affine',
  elementwiseAffine: 'affine',
  track_running_stats: 'runningAverage',
  trackRunningStats: 'runningAverage',
  axis: 'layout',
  dataFormat: 'layout',
  data_format: 'layout',
  num_groups: 'groups',
  numGroups: 'groups',
  normalized_shape: 'normalizedShape',
}

/** Throws on an option that is not in `known`, naming the one that was probably meant. */
export function checkOptions(who: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    fail(
      'EVENKEEL_OPTION',
      who,
      `options must be an object, got ${describe(options)}`,
      `write { ${known[0]}: ... }; the options are ${known.join(', ')}`,
    )
  }
  for (const name in options) {
    if (!known.includes(name)) unknownOption(who, name, (options as Record<string, unknown>)[name], known)
  }
}

function unknownOption(who: string, name: string, value: unknown, known: readonly string[]): never {
  if (name === 'momentum') refuseMomentum(who, value, known)
  const meant = known.includes(SYNONYMS[name]) ? SYNONYMS[name] : nearest(name, known)
  const listed = `the options are ${known.join(', ')}`
  fail(
    'EVENKEEL_OPTION',
    who,
    `there is no option ${name}`,
    meant === undefined ? listed : `try ${meant}${known.length > 1 ? `; ${listed}` : ''}`,
  )
}

function refuseMomentum(who: string, value: unknown, known: readonly string[]): never {
  const came = typeof value === 'number' ? value : undefined
  fail(
    'EVENKEEL_OPTION',
    who,
    'there is no option momentum: PyTorch means by it the weight of the new batch, Keras the opposite, ' +
      'the weight of the old average',
    known.includes('runningAverage')
      ? `use runningAverage: { newWeight: ${came ?? 0.1} } for PyTorch's momentum ${came ?? 0.1}, ` +
          `or runningAverage: { decay: ${came ?? 0.99} } for Keras's`
      : 'leave it out: no running average is kept here',
  )
}

/** The known name with the fewest letters to change, unless that is more than two (a swap) and half of them. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const far = (candidate: string) => editDistance(name.toLowerCase(), candidate.toLowerCase())
  const best = known.reduce((a, b) => (far(b) < far(a) ? b : a))
  return far(best) <= Math.max(2, Math.max(name.length, best.length) / 2) ? best : undefined
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]
}

/** Throws unless the value is one of the choices; the message lists them. */
export function checkChoice<T extends string>(
  who: string,
  name: string,
  value: unknown,
  choices: readonly T[],
): asserts value is T {
  if (choices.includes(value as T)) return
  const quoted = choices.map((choice) => `'${choice}'`)
  const listed = `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`
  fail('EVENKEEL_OPTION', who, `${name} must be ${listed}, got ${describe(value)}`, `try '${choices[0]}'`)
}

export function checkBoolean(who: string, name: string, value: unknown): asserts value is boolean {
  if (typeof value === 'boolean') return
  fail('EVENKEEL_OPTION', who, `${name} must be true or false, got ${describe(value)}`, `try ${name}: true`)
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
