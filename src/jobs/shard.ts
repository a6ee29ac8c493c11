import { fail } from '../errors.js'

/** One of `count` parts of a job, `index` from 0 up. */
export interface Shard {
  readonly index: number
  readonly count: number
}

type Environment = Readonly<Record<string, string | undefined>>

const REMEDY = 'give the shard, as in { index: 0, count: 4 }, or null for the whole job'

/**
 * Who starts many processes, and the variables that tell each which one it is. All of them must be set. The first one
 * is what tells that this launcher is at work.
 */
const LAUNCHERS: readonly {
  readonly variables: readonly string[]
  /** A variable that some versions set: the number of tasks. It must be the number of shards. */
  readonly tasks?: string
  /** Null if the values do not tell of how many shards this one is. */
  readonly shard: (...values: number[]) => Shard | null
  /** For the message about other values. */
  readonly rule?: string
  readonly remedy?: string
}[] = [
  {
    variables: [
      'SLURM_ARRAY_TASK_ID',
      'SLURM_ARRAY_TASK_MIN',
      'SLURM_ARRAY_TASK_MAX',
      'SLURM_ARRAY_TASK_STEP',
    ],
    // An array such as 0,3,7 has fewer tasks than its bounds say.
    tasks: 'SLURM_ARRAY_TASK_COUNT',
    // An array such as 2 or 4-7 can be a part of an earlier one that runs again. It does not tell of how many shards.
    shard: (id, least, most, step) =>
      least === 0 && step === 1 && most > 0 ? { index: id, count: most + 1 } : null,
    rule: '; an array that does has all tasks from 0 on, and more than one',
    remedy: `submit such an array, as by --array=0-3, or ${REMEDY}`,
  },
  // Kubernetes sets the index alone. The job's manifest must set the count.
  { variables: ['JOB_COMPLETION_INDEX', 'JOB_COMPLETIONS'], shard: (index, count) => ({ index, count }) },
  {
    variables: ['OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE'],
    shard: (index, count) => ({ index, count }),
  },
  { variables: ['PMI_RANK', 'PMI_SIZE'], shard: (index, count) => ({ index, count }) },
]

/** The shard of a text such as '2/8'. Null if it is none. */
export function parseShard(text: string): Shard | null {
  const parts = /^(\d+)\/(\d+)$/.exec(text)
  if (parts === null) return null
  const shard = { index: Number(parts[1]), count: Number(parts[2]) }
  return isShard(shard) ? shard : null
}

export function isShard(value: unknown): value is Shard {
  const { index, count } = (value ?? {}) as Shard
  return Number.isSafeInteger(index) && Number.isSafeInteger(count) && index >= 0 && index < count
}

/**
 * The shard that a launcher gave to this process: a Slurm array, an Indexed Job of Kubernetes, or an MPI launcher.
 * Null if there is none.
 * @param environment default: that of this process.
 * @throws EvenkeelError (EVENKEEL_OPTION) if two of them are there, or if one of them is incomplete.
 */
export function shardOfEnvironment(environment: Environment = process.env): Shard | null {
  const who = 'the shard'
  const set = (name: string) => environment[name] !== undefined && environment[name] !== ''
  const found = LAUNCHERS.filter(({ variables }) => set(variables[0]))
  if (found.length === 0) return null
  if (found.length > 1)
    fail(
      'EVENKEEL_OPTION',
      who,
      `several launchers name one: ${found.map(({ variables }) => variables[0]).join(' and ')} are set`,
      REMEDY,
    )
  const [{ variables, tasks, shard, rule = '', remedy = REMEDY }] = found
  const missing = variables.filter((name) => !set(name))
  if (missing.length > 0)
    fail(
      'EVENKEEL_OPTION',
      who,
      `${variables[0]} is set, and ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not`,
      `set ${missing.length === 1 ? 'it' : 'them'}, or ${REMEDY}`,
    )
  const given = shard(...variables.map((name) => Number(environment[name])))
  const counts = tasks !== undefined && set(tasks) ? [tasks] : []
  if (given !== null && isShard(given) && counts.every((name) => Number(environment[name]) === given.count))
    return given
  const values = [...variables, ...counts].map((name) => `${name}=${environment[name]}`).join(', ')
  return fail('EVENKEEL_OPTION', who, `${values} do not name one of several shards${rule}`, remedy)
}

/** The part of `total` units that is a shard's: from `from` up to `to`. All units, if there is no shard. */
export function rangeOf(shard: Shard | null, total: number): { readonly from: number; readonly to: number } {
  if (shard === null) return { from: 0, to: total }
  // BigInt, because a product of two counts can leave the whole numbers.
  const bound = (index: number) => Number((BigInt(total) * BigInt(index)) / BigInt(shard.count))
  return { from: bound(shard.index), to: bound(shard.index + 1) }
}

/** 'shard 2 of 8', for messages. */
export function nameOf(shard: Shard | null): string {
  return shard === null ? 'the whole job' : `shard ${shard.index} of ${shard.count}`
}
