import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../errors.js'
import { naming } from '../files/file-error.js'
import { optionDifference } from './fit-plan.js'
import { type Input, inputDifference } from './inputs.js'
import { checkFormat, JobLog, type LogContent, readLog } from './job-log.js'
import { underLock } from './lock.js'
import { manifestName, shardOfManifest } from './manifest-name.js'
import { nameOf, type Shard } from './shard.js'

// The log of an apply, which stays beside its outputs: what was done, each output that is finished, and the end.

const FORMAT = 'evenkeel.manifest'
const VERSION = 1
const REMEDY = 'give another folder, or begin anew, with restart'

export interface ManifestHeader {
  readonly format: typeof FORMAT
  readonly version: typeof VERSION
  readonly evenkeel: string
  readonly options: Readonly<Record<string, unknown>>
  readonly shard: Shard | null
}

/** An output that is finished. */
export interface Output {
  /** Its name in the folder. */
  readonly output: string
  readonly bytes: number
  readonly rows: number
  readonly input: Input
}

/** The first output, just before it gets its name. Without this, a run that was killed then would not know it again. */
interface First {
  readonly first: string
}

/** The last line of a run that came to its end: how many outputs there are. */
interface End {
  readonly outputs: number
}

export interface ManifestContent {
  readonly header: ManifestHeader
  /** By their names. */
  readonly outputs: ReadonlyMap<string, Output>
  readonly first: string | undefined
  /** Whether the last run came to its end. */
  readonly ended: boolean
  readonly log: LogContent
}

export function newHeader(
  evenkeel: string,
  options: ManifestHeader['options'],
  shard: Shard | null,
): ManifestHeader {
  return { format: FORMAT, version: VERSION, evenkeel, options, shard }
}

/** Reads a manifest. Null if there is none. @throws EvenkeelError that names it if it is damaged. */
export async function readManifest(path: string): Promise<ManifestContent | null> {
  const content = await readLog(path)
  if (content === null) return null
  checkFormat(path, content.header, FORMAT, VERSION)
  const header = content.header as ManifestHeader
  const entries = content.entries as readonly (Output | First | End)[]
  const known = (entry: unknown) =>
    entry instanceof Object &&
    ('outputs' in entry || 'first' in entry || (entry as Output).input instanceof Object)
  if (!(header.options instanceof Object && entries.every(known)))
    fail('EVENKEEL_FILE', path, 'it has lines that evenkeel does not write', REMEDY)
  const outputs = new Map<string, Output>()
  for (const entry of entries) if ('output' in entry) outputs.set(entry.output, entry)
  const last = entries.at(-1)
  return {
    header,
    outputs,
    first: entries.find((entry) => 'first' in entry)?.first,
    ended: last !== undefined && 'outputs' in last && last.outputs === outputs.size,
    log: content,
  }
}

/** The manifests in a folder, with their shards. */
export async function manifestsIn(folder: string): Promise<{ name: string; shard: Shard | null }[]> {
  const names = await naming(folder, () => readdir(folder))
  return names.sort().flatMap((name) => {
    const shard = shardOfManifest(name)
    return shard === undefined ? [] : [{ name, shard }]
  })
}

export interface Manifest {
  /** Whether an earlier run has finished this output. */
  has(name: string): boolean
  /** An output is whole, and gets its name now. */
  names(output: string): Promise<void>
  add(output: Output): Promise<void>
  end(): Promise<void>
  close(): Promise<void>
}

/**
 * Begins a manifest, or goes on with that of an earlier run.
 * @param planned the inputs, by the names of their outputs.
 * @param restart whether what an earlier run wrote is done again.
 * @throws EvenkeelError (EVENKEEL_FILE) that names what has changed since the earlier run, or what is in the folder and
 * is not of this job. Then nothing was changed.
 */
export async function openManifest(
  folder: string,
  header: ManifestHeader,
  planned: ReadonlyMap<string, Input>,
  restart: boolean,
  signal: AbortSignal | undefined,
): Promise<Manifest> {
  const { shard } = header
  const path = join(folder, manifestName(shard))
  const others = (await manifestsIn(folder)).filter((other) => other.shard?.count !== shard?.count)
  if (restart) {
    for (const other of others.map(({ name }) => join(folder, name)))
      await underLock(other, signal, () => rm(other, { force: true }))
    return manifestOf(await JobLog.begin(path, header))
  }
  if (others.length > 0)
    fail(
      'EVENKEEL_FILE',
      folder,
      `it has outputs of ${nameOf(others[0].shard)}, and this is ${nameOf(shard)}`,
      REMEDY,
    )
  const earlier = await readManifest(path)
  // An earlier run that finished nothing has nothing to lose.
  if (earlier === null || earlier.outputs.size === 0) {
    if (earlier?.first !== undefined && planned.has(earlier.first))
      await rm(join(folder, earlier.first), { force: true })
    await refuseForeign(folder, planned)
    return manifestOf(await JobLog.begin(path, header))
  }
  checkSame(path, earlier.header, header)
  const finished = new Set<string>()
  for (const [name, input] of planned) {
    const output = earlier.outputs.get(name)
    if (output !== undefined && (await isThere(folder, output, input))) finished.add(name)
  }
  return manifestOf(await JobLog.resume(path, earlier.log), finished, new Set(earlier.outputs.keys()))
}

function manifestOf(
  log: JobLog,
  finished: ReadonlySet<string> = new Set(),
  names: Set<string> = new Set(),
): Manifest {
  return {
    has: (name) => finished.has(name),
    async names(output) {
      if (names.size === 0) await log.append({ first: output } satisfies First)
    },
    async add(output) {
      await log.append(output)
      names.add(output.output)
    },
    end: () => log.append({ outputs: names.size } satisfies End),
    close: () => log.close(),
  }
}

/** Files that no manifest knows are not ours to replace. */
async function refuseForeign(folder: string, planned: ReadonlyMap<string, Input>): Promise<void> {
  const there = new Set(await naming(folder, () => readdir(folder)))
  for (const name of planned.keys())
    if (there.has(name))
      fail('EVENKEEL_FILE', join(folder, name), 'it exists, and no manifest names it', REMEDY)
}

function checkSame(path: string, before: ManifestHeader, now: ManifestHeader): void {
  if (before.evenkeel !== now.evenkeel)
    fail(
      'EVENKEEL_FILE',
      path,
      `it was made by evenkeel ${before.evenkeel}, and this is ${now.evenkeel}`,
      REMEDY,
    )
  const difference = optionDifference(before.options, now.options)
  if (difference !== null)
    fail('EVENKEEL_FILE', path, `an earlier run did another job: ${difference}`, REMEDY)
}

/** Whether an output of an earlier run is there. Throws if it or its input has changed. */
async function isThere(
  folder: string,
  { output, bytes, input: before }: Output,
  now: Input,
): Promise<boolean> {
  const path = join(folder, output)
  if (before.path !== now.path)
    fail('EVENKEEL_FILE', path, `it was made of ${before.path}, and now it would be of ${now.path}`, REMEDY)
  const difference = inputDifference(before, now)
  if (difference !== null)
    fail('EVENKEEL_FILE', now.path, `it is not as in the earlier run: ${difference}`, REMEDY)
  const status = await stat(path).catch(() => null)
  if (status === null) return false
  if (status.size === bytes) return true
  return fail(
    'EVENKEEL_FILE',
    path,
    `it had ${bytes} bytes when it was written, and has ${status.size}`,
    REMEDY,
  )
}
