import { fail } from '../errors.js'
import type { FittedPiece } from './fit-pieces.js'
import { type FitPlan, planDifference } from './fit-plan.js'
import { checkFormat, JobLog, readLog } from './job-log.js'
import { pieceFrom, pieceJSON } from './part.js'
import { inFile } from './saved.js'

// The log of a fit, which lasts until its result is in place: the plan, and each piece that is finished.

const FORMAT = 'evenkeel.journal'
const VERSION = 1

export interface Journal {
  /** What earlier runs have finished. */
  readonly finished: readonly FittedPiece[]
  add(piece: FittedPiece): Promise<void>
  close(): Promise<void>
  remove(): Promise<void>
}

/** For results that go to standard output: nothing is kept. */
export const NO_JOURNAL: Journal = {
  finished: [],
  add: async () => {},
  close: async () => {},
  remove: async () => {},
}

/**
 * Begins a journal, or goes on with what a run of the same plan left.
 * @param restart whether an old journal is dropped.
 * @throws EvenkeelError (EVENKEEL_FILE) if there is a journal of another plan.
 */
export async function openJournal(path: string, plan: FitPlan, restart: boolean): Promise<Journal> {
  const content = restart ? null : await readLog(path)
  const header = { format: FORMAT, version: VERSION, plan }
  if (content === null) return journalOf([], await JobLog.begin(path, header))
  checkFormat(path, content.header, FORMAT, VERSION)
  // An earlier run that finished nothing has nothing to lose: it often ended by an error whose remedy is an option.
  if (content.entries.length === 0) return journalOf([], await JobLog.begin(path, header))
  const difference = planDifference((content.header as typeof header).plan, plan, true)
  if (difference !== null)
    fail(
      'EVENKEEL_FILE',
      path,
      `an earlier run began another job: ${difference}`,
      'undo the change, or begin anew, with restart',
    )
  const finished = await inFile(path, () => content.entries.map(pieceFrom))
  return journalOf(finished, await JobLog.resume(path, content))
}

function journalOf(finished: readonly FittedPiece[], log: JobLog): Journal {
  return {
    finished,
    add: (piece) => log.append(pieceJSON(piece)),
    close: () => log.close(),
    remove: () => log.remove(),
  }
}
