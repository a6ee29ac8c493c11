import { basename, extname } from 'node:path'

export interface Progress {
  /** What make or MSBuild prints, which names each file as its compiling begins. */
  readonly read: (text: string) => void
  readonly stop: () => void
}

const SECOND = 1000

/** Tells how many sources are compiled or begun, and for how long: a line that changes on a terminal, else a line each. */
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

/** Of a source or its object. */
function nameOf(path: string): string {
  return basename(path, extname(path))
}

/** Minutes and seconds. */
function clock(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / SECOND)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
