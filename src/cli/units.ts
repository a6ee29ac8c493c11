const MEGA = 1e6
const SECOND = 1000

/** '400 MB'. */
export function megabytes(bytes: number): string {
  return `${(bytes / MEGA).toFixed(bytes < MEGA ? 3 : 0)} MB`
}

/** '1290 MB/s'. `started`: performance.now() of the beginning. */
export function rate(bytes: number, started: number): string {
  const seconds = (performance.now() - started) / SECOND
  return `${(bytes / MEGA / seconds).toFixed(0)} MB/s`
}

/** '0.3 s'. */
export function since(started: number): string {
  return `${((performance.now() - started) / SECOND).toFixed(1)} s`
}

/** '1 file', '2 files'. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
