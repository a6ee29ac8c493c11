import { basename, extname } from 'node:path'

export interface Progress {
  /** Takes the output of make or MSBuild, which contains the name of each file when its compilation begins. */
  readonly read: (text: string) => void
  readonly stop: () => void
}

const SECOND = 1000

/**
 * Prints how many sources were begun, and the time. On a terminal it updates one line. Otherwise it prints a line
 * whenever a source is begun.
 */
export function showProgress(sources: readonly string[], out: NodeJS.WriteStream): Progress {
  const waiting = new Set(sources.map(nameOf))
  const started = performance.now()
  const tell = (end: string) => {
    const begun = sources.length - waiting.size
    out.write(`compiling ${begun} of ${sources.length} files, ${clock(performance.now() - started)}${end}`)
  }
  if (!out.isTTY)
    out.write(`compiling ${sources.length} files, which takes two to five minutes on two cores\n`)
  const timer = out.isTTY ? setInterval(tell, SECOND, '\r') : undefined
  let rest = ''
  return {
    read(text) {
      const lines = (rest + text).split(/\r?\n/)
      rest = lines.pop()!
      const begun = lines.filter(
        (line) => /\.(o|obj|cc)\s*$/.test(line) && waiting.delete(nameOf(line.trim())),
      )
      if (begun.length > 0) tell(out.isTTY ? '\r' : '\n')
    },
    stop() {
      clearInterval(timer)
      if (out.isTTY) out.write('\n')
    },
  }
}

/** The name that a source and its object file share. */
function nameOf(path: string): string {
  return basename(path, extname(path))
}

/** Minutes and seconds. */
function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / SECOND)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
