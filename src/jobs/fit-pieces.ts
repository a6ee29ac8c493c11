import { Standardizer } from '../data/standardizer.js'
import { fail } from '../errors.js'
import type { JobEvents, Meter } from './events.js'
import { type FitPlan, type FitSettings, type Piece, refuseFeatures } from './fit-plan.js'
import { checkUnchanged, type Input } from './inputs.js'
import { type Reading, reading } from './reading.js'
import { inFile, type Saved } from './saved.js'

/** What was learned from a piece. */
export interface FittedPiece extends Piece, Saved {}

/** Of the options, those of a Standardizer. */
function standardizerOptions({ preset, axis, withMean, withStd, nonFinite }: FitSettings) {
  return { preset, axis, withMean, withStd, nonFinite }
}

/** Reads one piece, and learns from it. */
export async function fitPiece(
  { inputs, options }: FitPlan,
  piece: Piece,
  meter: Meter,
  signal: JobEvents['signal'],
): Promise<FittedPiece> {
  const input = inputs[piece.input]
  return reading(input, options, signal, async (opened) => {
    const standardizer = new Standardizer({ ...standardizerOptions(options), firstChunk: piece.from })
    await readPiece(opened, input, piece, standardizer, meter)
    await checkUnchanged(input)
    const { names } = opened.reader
    return { ...piece, standardizer, names: names?.length === standardizer.features ? names : null }
  })
}

async function readPiece(
  { reader, chunks, chunkRows }: Reading,
  input: Input,
  piece: Piece,
  standardizer: Standardizer,
  meter: Meter,
): Promise<void> {
  let row = piece.from * chunkRows
  const bytesOf = (rows: number) => (reader.rows === null ? 0 : (input.size * rows) / reader.rows)
  for await (const x of chunks(input.isCut ? piece : undefined)) {
    await inFile(input.path, () => standardizer.partialFit(x, { firstRow: row }))
    row += x.shape[0]
    meter.add(bytesOf(x.shape[0]))
  }
  if (reader.rows === null) meter.add(input.size)
  // A file without rows still has features.
  if (standardizer.features === undefined)
    standardizer.partialFit({ data: new Float32Array(0), shape: [0, ...reader.rowShape] })
}

/**
 * Merges the pieces of each input, and then the inputs, both in order. So the bits do not depend on who fitted which
 * piece.
 * @throws EvenkeelError that names two inputs if they have other features, or other names of them.
 */
export function mergePieces({ inputs, options }: FitPlan, pieces: readonly FittedPiece[]): Saved {
  const sorted = [...pieces].sort((a, b) => a.input - b.input || a.from - b.from)
  const all = new Standardizer(standardizerOptions(options))
  let ofInput: Standardizer | undefined
  const [first] = sorted
  for (const [i, piece] of sorted.entries()) {
    checkFeatures(inputs, first, piece)
    ofInput = ofInput === undefined ? piece.standardizer : ofInput.merge(piece.standardizer)
    if (sorted[i + 1]?.input === piece.input) continue
    all.merge(ofInput)
    ofInput = undefined
  }
  return { standardizer: all, names: first?.names ?? null }
}

/** Throws unless a piece has the features of the first one. */
export function checkFeatures(inputs: readonly Input[], first: FittedPiece, piece: FittedPiece): void {
  const [path, other] = [inputs[piece.input].path, inputs[first.input].path]
  const [wanted = 0, features = 0] = [first.standardizer.features, piece.standardizer.features]
  if (features !== wanted) refuseFeatures(path, features, other, wanted)
  const differs = (first.names ?? []).findIndex((name, f) => piece.names?.[f] !== name)
  if (differs < 0 && (first.names === null) === (piece.names === null)) return
  fail(
    'EVENKEEL_SHAPE',
    path,
    `its feature ${Math.max(0, differs)} is ${piece.names?.[differs] ?? 'without a name'}, and in ${other} it is ${first.names?.[differs] ?? 'without a name'}`,
    'name the columns, in one order for all files',
  )
}
