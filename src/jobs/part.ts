import { Standardizer } from '../data/standardizer.js'
import { fail } from '../errors.js'
import { writeAtomically } from '../files/atomic-file.js'
import { type FittedPiece, mergePieces } from './fit-pieces.js'
import { type FitPlan, type Piece, piecesOf, planDifference } from './fit-plan.js'
import { checkFormat } from './job-log.js'
import { digestOf, inFile, readJSON, type Saved } from './saved.js'
import { nameOf, type Shard } from './shard.js'

// What one shard of a fit has learned, as a file.

const FORMAT = 'evenkeel.part'
const VERSION = 1
const REMEDY = 'fit this shard again'

/** The name of the part of a shard, from the name of the result. */
export function partName(out: string, { index, count }: Shard): string {
  return `${out}.shard-${index}-of-${count}.json`
}

interface PieceJSON extends Piece {
  readonly names: readonly string[] | null
  /** Standardizer.toJSON() without the summary, which nobody needs here. */
  readonly fitted: unknown
}

export function pieceJSON({ input, from, to, names, standardizer }: FittedPiece): PieceJSON {
  const { summary: _, ...fitted } = standardizer.toJSON()
  return { input, from, to, names, fitted }
}

export function pieceFrom(json: unknown): FittedPiece {
  const { input, from, to, names = null, fitted } = (json ?? {}) as PieceJSON
  return { input, from, to, names, standardizer: Standardizer.fromJSON(fitted) }
}

/** The text of a part, with a digest that tells whether it was changed. */
export function partText(plan: FitPlan, pieces: readonly FittedPiece[]): string {
  const content = { plan, pieces: pieces.map(pieceJSON) }
  return `${JSON.stringify({ format: FORMAT, version: VERSION, digest: digestOf(content), ...content })}\n`
}

export async function writePart(path: string, plan: FitPlan, pieces: readonly FittedPiece[]): Promise<void> {
  await writeAtomically(path, partText(plan, pieces))
}

export interface Part {
  readonly path: string
  readonly plan: FitPlan & { readonly shard: Shard }
  readonly pieces: readonly FittedPiece[]
}

/** @throws EvenkeelError that names the file unless it is a whole part that was not changed. */
export async function readPart(path: string): Promise<Part> {
  const json = await readJSON(path)
  checkFormat(path, json, FORMAT, VERSION, 'give what fit wrote for a shard')
  const { digest, plan, pieces } = json as { digest: unknown; plan: Part['plan']; pieces: unknown[] }
  if (digest !== digestOf({ plan, pieces }))
    fail('EVENKEEL_FILE', path, 'it was changed since it was written', REMEDY)
  return { path, plan, pieces: await inFile(path, () => pieces.map(pieceFrom)) }
}

/**
 * Merges the parts of all shards of a fit. The result has the bits of one process.
 * @throws EvenkeelError that names the shard or file if a part is missing, there twice, of another fit, or changed.
 */
export async function mergeParts(paths: readonly string[]): Promise<Saved & { readonly plan: FitPlan }> {
  if (paths.length === 0) fail('EVENKEEL_FILE', 'merge', 'there are no parts', 'name the parts of all shards')
  const parts: Part[] = []
  for (const path of paths) parts.push(await readPart(path))
  const [first] = parts
  const found = new Map<number, Part>()
  for (const part of parts) {
    const { path, plan } = part
    const difference = planDifference(first.plan, plan, false)
    if (difference !== null)
      fail(
        'EVENKEEL_FILE',
        path,
        `it is of another fit than ${first.path}: ${difference}`,
        'merge the parts of one fit',
      )
    const twin = found.get(plan.shard.index)
    if (twin !== undefined)
      fail(
        'EVENKEEL_FILE',
        path,
        `${nameOf(plan.shard)} is there twice, also in ${twin.path}`,
        'leave out one of the two',
      )
    if (placesOf(part.pieces) !== placesOf(piecesOf(plan)))
      fail('EVENKEEL_FILE', path, 'it does not have the chunks of its shard', REMEDY)
    found.set(plan.shard.index, part)
  }
  checkAll(first.plan.shard.count, found)
  const plan = { ...first.plan, shard: null }
  return {
    ...mergePieces(
      plan,
      parts.flatMap(({ pieces }) => pieces),
    ),
    plan,
  }
}

/** The places of pieces, as a text. */
function placesOf(pieces: readonly Piece[]): string {
  return pieces.map(({ input, from, to }) => `${input}:${from}-${to}`).join()
}

/** A message names no more shards than this. */
const MOST_NAMED = 8

function checkAll(count: number, found: ReadonlyMap<number, Part>): void {
  const missing: number[] = []
  for (let i = 0; i < count && missing.length <= MOST_NAMED; i++) if (!found.has(i)) missing.push(i)
  if (missing.length === 0) return
  const total = count - found.size
  const more = total - MOST_NAMED
  const named = missing.slice(0, MOST_NAMED).join(', ')
  fail(
    'EVENKEEL_FILE',
    'merge',
    total === 1
      ? `shard ${named} of ${count} is missing`
      : `${total} of ${count} shards are missing: ${named}${more > 0 ? ` and ${more} more` : ''}`,
    `fit what is missing, as by shard: { index: ${missing[0]}, count: ${count} }, and name its part, too`,
  )
}
