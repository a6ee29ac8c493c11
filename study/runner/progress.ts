import { Presets, SingleBar } from 'cli-progress'
import type { Cell } from '../experiments/cells.js'

/** Tells a person how far the study is. */
export interface Progress {
  update(cell: Cell, share: number): void
  finished(cell: Cell): void
  stop(): void
}

/** A stream without a terminal gets a line each time this much more is done. */
const LINE_SHARE = 0.1
/** With it a line of the bar has at most 70 columns: on a terminal of 80 nothing is cut off. */
const BAR_COLUMNS = 24
/** Below this share the time left is a guess that helps nobody. */
const ESTIMATE_FROM = 0.01

/**
 * A bar with the time left where `out` is a terminal; a line per tenth where it is not.
 * @param cells what is to be done in this run
 */
export function showProgress(cells: readonly Cell[], out: NodeJS.WriteStream): Progress {
  const total = cells.reduce((sum, cell) => sum + cell.cost, 0)
  const shares = new Map<string, number>()
  const started = performance.now()
  const done = () => cells.reduce((sum, cell) => sum + cell.cost * (shares.get(cell.id) ?? 0), 0) / total
  const left = (share: number) => {
    if (share < ESTIMATE_FROM) return '--:--'
    return clock(((performance.now() - started) / 1000) * (1 / share - 1))
  }
  const show = out.isTTY ? bar(out) : lines(out)
  let count = 0
  return {
    update(cell, share) {
      shares.set(cell.id, share)
      const all = done()
      show.at(all, `${count} of ${cells.length} networks, ${left(all)} left`)
    },
    finished(cell) {
      count++
      this.update(cell, 1)
    },
    stop: show.stop,
  }
}

function bar(stream: NodeJS.WriteStream) {
  const single = new SingleBar(
    {
      stream,
      format: '{bar} {percentage}% | {state}',
      barsize: BAR_COLUMNS,
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  )
  single.start(100, 0, { state: 'starting' })
  return {
    at: (share: number, state: string) => single.update(Math.floor(100 * share), { state }),
    stop: () => single.stop(),
  }
}

function lines(stream: NodeJS.WriteStream) {
  let next = LINE_SHARE
  return {
    at(share: number, state: string) {
      if (share < next) return
      stream.write(`${Math.floor(100 * share)} % done: ${state}\n`)
      next = (Math.floor(share / LINE_SHARE) + 1) * LINE_SHARE
    },
    stop() {},
  }
}

/** The cells' seconds on cores like those where their costs were measured, spread over the workers. */
export function estimate(cells: readonly Cell[], workers: number): string {
  const seconds = cells.reduce((sum, cell) => sum + cell.cost, 0) / workers
  const minutes = Math.max(1, Math.round(seconds / 60))
  return `about ${minutes} minute${minutes === 1 ? '' : 's'} on a machine that does nothing else`
}

/** 75 -> '1:15' */
export function clock(seconds: number): string {
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
