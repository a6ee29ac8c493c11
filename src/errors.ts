/** The kind of an error, for programs to test. The message is for people. */
export type ErrorCode =
  | 'EVENKEEL_SHAPE' // a shape, rank or length does not fit
  | 'EVENKEEL_DTYPE' // the element types do not fit
  | 'EVENKEEL_BUFFER' // a typed array is too short, detached, or overlaps another
  | 'EVENKEEL_OPTION' // an option is unknown, out of range or contradicts another
  | 'EVENKEEL_STATE' // a call came in the wrong order, or a state dict does not fit
  | 'EVENKEEL_STATISTICS' // statistics cannot be computed, or are not finite
  | 'EVENKEEL_FILE' // a file is not there, cannot be read or written, or is cut off
  | 'EVENKEEL_BACKEND' // the requested backend cannot run, or has no memory left

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
 * Throws an error. Its message has the form of all messages here: who, what was expected and what came, and the remedy.
 *
 * `fail('EVENKEEL_SHAPE', 'GroupNorm', 'channels (30) must be divisible by groups (4)', 'try groups: 5')`
 * throws `GroupNorm: channels (30) must be divisible by groups (4); try groups: 5.`
 */
export function fail(code: ErrorCode, who: string, problem: string, remedy: string): never {
  throw new EvenkeelError(code, `${who}: ${problem}; ${remedy}.`)
}

/** Turns an error of the addon, such as lack of memory, into an EvenkeelError. Returns any other error unchanged. */
export function ours(error: unknown): unknown {
  const { code, message } = (error ?? {}) as Partial<EvenkeelError>
  const foreign = code === 'EVENKEEL_BACKEND' && !(error instanceof EvenkeelError)
  return foreign ? new EvenkeelError(code, message ?? '') : error
}

/** A shape has no more dimensions than this. A longer list is data, and is not printed. */
const LONGEST_LIST = 8
/** An object with more entries is not printed, only named. */
const MOST_ENTRIES = 4
/** Deeper values are only named, because a value may contain itself. A list of lists is still printed. */
const DEEPEST = 2
/** The first characters of a text that are printed. */
const LONGEST_TEXT = 60

/** Describes a value in a message: in short, and so that '64' is not taken for 64. */
export function describe(value: unknown): string {
  try {
    return description(value, 0)
  } catch {
    // The value is a Proxy, or has a getter that throws.
    return 'an object that cannot be read (a Proxy?)'
  }
}

function description(value: unknown, depth: number): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return value.name ? `the function ${value.name}` : 'a function'
  if (typeof value !== 'object' || value === null) return String(value)
  const inside = (each: unknown) => description(each, depth + 1)
  const deep = depth >= DEEPEST
  if (Array.isArray(value) && value.length <= LONGEST_LIST && !deep)
    return `[${value.map(inside).join(', ')}]`
  const { length, shape } = value as { length?: unknown; shape?: unknown }
  if (Array.isArray(shape) && !deep) return `a tensor of ${inside(shape)}`
  const name = classOf(value)
  if (typeof length === 'number') return `${name} of ${length}`
  const entries = Object.entries(value)
  if (name === 'Object' && entries.length === 0) return '{}'
  if (name !== 'Object' || entries.length > MOST_ENTRIES || deep) return name
  return `{ ${entries.map(([key, each]) => `${key}: ${inside(each)}`).join(', ')} }`
}

function quoted(text: string): string {
  return text.length > LONGEST_TEXT ? `'${text.slice(0, LONGEST_TEXT)}...'` : `'${text}'`
}

function classOf(value: object): string {
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'an object'
}
