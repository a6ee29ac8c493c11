import { parseShard, type Shard, shardOfEnvironment } from '../jobs/shard.js'
import { UsageError } from './usage.js'

// Parsers of the options of jobs. Each throws a UsageError that says what is expected.

const INTEGER = /^-?\d+$/

/** A dimension, as in NumPy, or 'none'. */
export type Axis = number | 'none'

export function axisOf(text: string): Axis {
  if (text === 'none') return text
  if (INTEGER.test(text) && Number(text) !== 0) return Number(text)
  throw new UsageError(`--axis must be a dimension other than 0, such as 1 or -1, or none, got '${text}'`)
}

const MOST_THREADS = 1024

export function threadsOf(text: string): number {
  if (INTEGER.test(text) && Number(text) >= 1 && Number(text) <= MOST_THREADS) return Number(text)
  throw new UsageError(`--threads must be from 1 to ${MOST_THREADS}, got '${text}'`)
}

export function groupsOf(text: string): number {
  if (INTEGER.test(text) && Number(text) >= 1) return Number(text)
  throw new UsageError(`--groups must be a whole number from 1 up, got '${text}'`)
}

export function epsOf(text: string): number {
  if (text.trim() !== '' && Number(text) > 0 && Number.isFinite(Number(text))) return Number(text)
  throw new UsageError(`--eps must be a number above 0, such as 1e-5, got '${text}'`)
}

/** 'a,b,3': names, or numbers from 0. */
export function columnsOf(text: string): (string | number)[] {
  const columns = text.split(',').map((each) => (/^\d+$/.test(each) ? Number(each) : each))
  if (!columns.includes('')) return columns
  throw new UsageError(`--columns must be names or numbers between commas, such as a,b,3, got '${text}'`)
}

/** The text of --shard: 'i/n', or 'all' for the whole job. Without it, a launcher may have named a shard. */
export function shardOf(text: string | undefined): Shard | null {
  if (text === undefined) return shardOfEnvironment()
  if (text === 'all') return null
  const shard = parseShard(text)
  if (shard !== null) return shard
  throw new UsageError(`--shard must be i/n with i from 0 to n - 1, such as 0/4, or all, got '${text}'`)
}
