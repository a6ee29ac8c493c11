import { currentBackend } from '../backend/select.js'

// The timer is taken when this module loads, so that fake timers of a test do not replace it. Browsers have no
// setImmediate.
const later: (callback: () => void) => void = globalThis.setImmediate ?? globalThis.setTimeout

/**
 * What an asynchronous call must wait for before it begins. If the backend runs only on this thread, this is a promise
 * that resolves in a later iteration of the event loop, so that other work can run before the pass. If the backend can
 * use another thread, this is null: the call checks its operands at once.
 */
export function pauseForEvents(): Promise<void> | null {
  if (currentBackend().forwardAsync !== undefined) return null
  return new Promise((resolve) => later(() => resolve()))
}
