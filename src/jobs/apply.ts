import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fail } from '../errors.js'
import { naming } from '../files/file-error.js'
import { STANDARD } from '../files/open.js'
import { removePartials, withPartials } from '../files/partial-files.js'
import { version } from '../version.js'
import { type ApplySettings, applyToFile } from './apply-file.js'
import { checkApart, nameOutputs, pathsIn } from './apply-plan.js'
import { type JobEvents, Meter } from './events.js'
import { expandPaths, type Input, openInputs } from './inputs.js'
import { type Lock, underLock } from './lock.js'
import { type ManifestHeader, newHeader, openManifest } from './manifest.js'
import { manifestName } from './manifest-name.js'
import type { Operation } from './operation.js'
import { checkUndoes } from './origin.js'
import { rangeOf, type Shard } from './shard.js'

export interface ApplyJob {
  /** Files and patterns, or '-' for an npy stream on standard input. */
  readonly inputs: readonly string[]
  /** The folder of the outputs, which is made if it is not there, or '-' for standard output. */
  readonly to: string
  readonly operation: Operation
  readonly options?: ApplySettings | undefined
  /** Default: the whole job. A shard takes whole files. */
  readonly shard?: Shard | null | undefined
  /** Does again what an earlier run has finished. */
  readonly restart?: boolean | undefined
}

export interface ApplyResult {
  readonly files: number
  /** How many of them an earlier run had finished. */
  readonly resumed: number
  /** What this run wrote. */
  readonly rows: number
  readonly bytes: number
}

/**
 * Applies an operation to files, and writes a file for each. What is finished is in a manifest beside the outputs. The
 * same call after a killed run does the rest.
 * @throws EvenkeelError that names the file and the row if one cannot be read or written, was changed, or does not fit;
 * the signal's reason if it is aborted. What is finished is kept. No output is there in part.
 */
export async function apply(job: ApplyJob, events: JobEvents = {}): Promise<ApplyResult> {
  const { to, operation, options = {}, shard = null } = job
  const paths = await expandPaths(job.inputs)
  const { from, to: end } = rangeOf(shard, paths.length)
  const all = await openInputs(paths, options)
  if (operation.undoes !== undefined) await checkUndoes(all, operation.undoes)
  // Of all inputs, so that every shard refuses two of one name.
  const names = [...nameOutputs(all, options.format ?? options.inputFormat)]
  const planned = new Map(names.slice(from, end))
  if (to === STANDARD) return applyToStream(job, [...planned.values()], events)
  await naming(to, () => mkdir(to, { recursive: true }))
  await checkApart(to, planned)
  const given = JSON.parse(JSON.stringify({ ...options, ...operation.identity }))
  const header = newHeader(version, given, shard)
  return underLock(join(to, manifestName(shard)), events.signal, (lock) =>
    applyToFolder(job, header, planned, lock, events),
  )
}

async function applyToFolder(
  job: ApplyJob,
  header: ManifestHeader,
  planned: ReadonlyMap<string, Input>,
  lock: Lock,
  events: JobEvents,
): Promise<ApplyResult> {
  const { to, restart = false } = job
  const { signal } = events
  const manifest = await openManifest(to, header, planned, restart, signal)
  try {
    for (const path of await withPartials(pathsIn(to, planned)))
      await underLock(path, signal, () => removePartials(path))
    const todo = [...planned].filter(([name]) => !manifest.has(name))
    const meter = new Meter(events, sizesOf(todo.map(([, input]) => input)))
    const result = { files: planned.size, resumed: planned.size - todo.length, rows: 0, bytes: 0 }
    for (const [output, input] of todo) {
      const path = join(to, output)
      const beforeName = async () => {
        await lock.check()
        await manifest.names(output)
      }
      // A fit may have the same result.
      const { rows, bytes } = await underLock(path, signal, () =>
        applyToFile(job, input, path, meter, events, beforeName),
      )
      await manifest.add({ output, bytes, rows, input })
      result.rows += rows
      result.bytes += bytes
    }
    await manifest.end()
    return result
  } finally {
    await manifest.close()
  }
}

function sizesOf(inputs: readonly Input[]): number {
  return inputs.reduce((sum, { size }) => sum + size, 0)
}

async function applyToStream(
  job: ApplyJob,
  inputs: readonly Input[],
  events: JobEvents,
): Promise<ApplyResult> {
  if (inputs.length !== 1)
    fail(
      'EVENKEEL_FILE',
      'standard output',
      `${inputs.length} outputs do not fit into it`,
      'give one input, or a folder',
    )
  const meter = new Meter(events, sizesOf(inputs))
  const written = await applyToFile(job, inputs[0], STANDARD, meter, events)
  return { files: 1, resumed: 0, ...written }
}
