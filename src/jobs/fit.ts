import { STANDARD } from '../files/open.js'
import { removePartials } from '../files/partial-files.js'
import { writeOut } from '../files/standard-output.js'
import { type JobEvents, Meter } from './events.js'
import { checkFeatures, type FittedPiece, fitPiece, mergePieces } from './fit-pieces.js'
import { type FitPlan, type FitSettings, type Piece, piecesOf, planFit } from './fit-plan.js'
import { expandPaths, refuseReplaced } from './inputs.js'
import { type Journal, NO_JOURNAL, openJournal } from './journal.js'
import { type Lock, NO_LOCK, underLock } from './lock.js'
import { mergeParts, partName, partText, writePart } from './part.js'
import { savedText, writeSaved } from './saved.js'
import type { Shard } from './shard.js'

export interface FitJob {
  /** Files and patterns, or '-' for an npy stream on standard input. */
  readonly inputs: readonly string[]
  /** The file of the result, or '-' for standard output. A shard writes `OUT.shard-I-of-N.json`. */
  readonly out: string
  readonly options?: FitSettings | undefined
  /** Default: the whole job. */
  readonly shard?: Shard | null | undefined
  /** Drops what an earlier run has finished. */
  readonly restart?: boolean | undefined
}

export interface FitResult {
  /** What was written: `out`, or the part of a shard. */
  readonly path: string
  readonly files: number
  /** Null if the shard has nothing to do. */
  readonly features: number | null
  /** Of how many pieces the work consists, and how many of them an earlier run had finished. */
  readonly pieces: number
  readonly resumed: number
  /** The bytes of the inputs that this run read. */
  readonly bytes: number
}

/**
 * Learns the statistics of the features of files, and writes them. A shard learns from its part of the files, and
 * mergeParts() makes one of all shards. The result has the same bits for any number of shards and threads, and after
 * any number of runs that were killed: what they had finished is in `OUT.journal`.
 * @throws EvenkeelError that names the file if one cannot be read, was changed, or does not fit; the signal's reason if
 * it is aborted. What is finished is kept, and the same call goes on.
 */
export async function fit(job: FitJob, events: JobEvents = {}): Promise<FitResult> {
  const { out, options = {}, shard = null, restart = false } = job
  const plan = await planFit(await expandPaths(job.inputs), options, shard)
  const path = shard === null || out === STANDARD ? out : partName(out, shard)
  await refuseReplaced(
    path,
    plan.inputs.map((input) => input.path),
  )
  const fitTo = async (lock: Lock) => {
    if (out !== STANDARD) await removePartials(path)
    const journal = out === STANDARD ? NO_JOURNAL : await openJournal(`${path}.journal`, plan, restart)
    const fitted = await fitAndWrite(plan, path, journal, lock, events)
    await journal.remove()
    return fitted
  }
  const { pieces, resumed, bytes } = await (out === STANDARD
    ? fitTo(NO_LOCK)
    : underLock(path, events.signal, fitTo))
  const features = pieces[0]?.standardizer.features ?? null
  return { path, files: plan.inputs.length, features, pieces: pieces.length, resumed, bytes }
}

async function fitAndWrite(plan: FitPlan, path: string, journal: Journal, lock: Lock, events: JobEvents) {
  try {
    const fitted = await fitPieces(plan, journal, lock, events)
    await lock.check()
    await write(path, plan, fitted.pieces)
    return fitted
  } catch (error) {
    await journal.close()
    throw error
  }
}

async function fitPieces(plan: FitPlan, journal: Journal, lock: Lock, events: JobEvents) {
  const earlier = new Map(journal.finished.map((piece) => [keyOf(piece), piece]))
  const all = piecesOf(plan)
  const bytes = all
    .filter((piece) => !earlier.has(keyOf(piece)))
    .reduce((sum, { input, from, to }) => {
      const { size, units } = plan.inputs[input]
      return sum + (size * (to - from)) / units
    }, 0)
  const meter = new Meter(events, bytes)
  const pieces: FittedPiece[] = []
  for (const piece of all) {
    events.signal?.throwIfAborted()
    const fitted = earlier.get(keyOf(piece)) ?? (await fitPiece(plan, piece, meter, events.signal))
    checkFeatures(plan.inputs, pieces[0] ?? fitted, fitted)
    pieces.push(fitted)
    if (earlier.has(keyOf(piece))) continue
    await lock.check()
    await journal.add(fitted)
  }
  return { pieces, resumed: all.filter((piece) => earlier.has(keyOf(piece))).length, bytes }
}

function keyOf({ input, from, to }: Piece): string {
  return `${input}:${from}-${to}`
}

async function write(path: string, plan: FitPlan, pieces: readonly FittedPiece[]): Promise<void> {
  const whole = plan.shard === null
  if (path === STANDARD) await writeOut(whole ? savedText(mergePieces(plan, pieces)) : partText(plan, pieces))
  else if (whole) await writeSaved(path, mergePieces(plan, pieces))
  else await writePart(path, plan, pieces)
}

export interface MergeResult {
  /** What was written. */
  readonly path: string
  readonly parts: number
  /** Of the whole fit. */
  readonly files: number
  readonly features: number
}

/** Merges the parts of all shards, and writes the result of one process. */
export async function merge(parts: readonly string[], out: string): Promise<MergeResult> {
  const paths = await expandPaths(parts)
  await refuseReplaced(out, paths)
  const merged = await mergeParts(paths)
  await refuseReplaced(
    out,
    merged.plan.inputs.map(({ path }) => path),
  )
  if (out === STANDARD) await writeOut(savedText(merged))
  else
    await underLock(out, undefined, async () => {
      await removePartials(out)
      await writeSaved(out, merged)
    })
  const { features = 0 } = merged.standardizer
  return { path: out, parts: paths.length, files: merged.plan.inputs.length, features }
}
