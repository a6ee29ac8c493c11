/** What went wrong, in one word that programs can test; the message is for people. */
export type ErrorCode =
  | 'EVENKEEL_SHAPE' // a shape, rank or length does not fit
  | 'EVENKEEL_DTYPE' // the element types do not fit
  | 'EVENKEEL_BUFFER' // a typed array is too short, detached, or overlaps another
  | 'EVENKEEL_OPTION' // an option is unknown, out of range or contradicts another
  | 'EVENKEEL_STATE' // a call came in the wrong order, or a state dict does not fit
  | 'EVENKEEL_STATISTICS' // statistics that cannot be had, or are not finite
  | 'EVENKEEL_BACKEND' // the backend that was asked for cannot run

/** Every error that evenkeel throws on bad input. When it is thrown, no state has changed. */
export class EvenkeelError extends Error {
  override readonly name = 'EvenkeelError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * The one sentence form of this project's errors: who, what was expected and came, and the remedy.
 * `fail('EVENKEEL_SHAPE', 'GroupNorm', 'channels (30) must be divisible by groups (4)', 'try groups: 5')`
 * throws `GroupNorm: channels (30) must be divisible by groups (4); try groups: 5.`
 */
export function fail(code: ErrorCode, who: string, problem: string, remedy: string): never {
  throw new EvenkeelError(code, `${who}: ${problem}; ${remedy}.`)
}

/** Longer than any shape is; what is longer is data. */
const LONGEST_LIST = 8

/** What came, in a message: short, and told apart from what it looks like ('64' is not 64). */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return `the function ${value.name}`
  if (typeof value !== 'object' || value === null) return String(value)
  if (Array.isArray(value) && value.length <= LONGEST_LIST) return `[${value.map(describe).join(', ')}]`
  const { length, shape } = value as { length?: unknown; shape?: unknown }
  if (Array.isArray(shape)) return `a tensor of ${describe(shape)}`
  const name = value.constructor?.name ?? 'an object'
  return length === undefined ? name : `${name} of ${String(length)}`
}
