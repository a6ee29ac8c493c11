import type { JobEvents } from '../jobs/events.js'
import { megabytes, rate } from './units.js'

/** The progress of a job, as a person sees it. */
export interface JobProgress {
  readonly onProgress: JobEvents['onProgress']
  readonly stop: () => void
}

/** A bar on stderr, if it is a terminal: what is done, the rate, and the time that is left. It is gone at the end. */
export async function showJobProgress(wanted: boolean): Promise<JobProgress> {
  if (!wanted || !process.stderr.isTTY) return { onProgress: undefined, stop: () => {} }
  const { default: progress } = await import('cli-progress')
  const bar = new progress.SingleBar(
    {
      format: '{bar} {percentage}% of {size}, {rate}, {eta_formatted} left',
      clearOnComplete: true,
      hideCursor: true,
      // The job ends the process, and shows the cursor again.
      gracefulExit: false,
    },
    progress.Presets.shades_classic,
  )
  let started = 0
  return {
    onProgress(done, total) {
      if (started === 0) {
        started = performance.now()
        bar.start(total, 0, { size: megabytes(total), rate: '' })
      }
      bar.update(Math.round(done), { rate: rate(done, started) })
    },
    stop() {
      if (started > 0) bar.stop()
    },
  }
}
