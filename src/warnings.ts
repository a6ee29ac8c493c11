const told = new Set<string>()

/** Prints a warning once per process, on stderr or on the browser's console. EVENKEEL_QUIET=1 silences it. */
export function warnOnce(message: string): void {
  const { process } = globalThis
  if (told.has(message) || process?.env?.EVENKEEL_QUIET === '1') return
  told.add(message)
  if (typeof process?.emitWarning === 'function') process.emitWarning(message, 'EvenkeelWarning')
  else console.warn(message)
}
