import { currentBackend } from '../backend/select.js'

// Taken at load, before a test's fake timers stand in their place. Browsers have no setImmediate.
const later: (callback: () => void) => void = globalThis.setImmediate ?? globalThis.setTimeout

/**
 * What to wait for before an asynchronous pass is begun: where the backend runs only on this thread, a later turn of the
 * event loop, so that other work comes between. Null otherwise: then the call's checks are made at once.
 */
export function pauseForEvents(): Promise<void> | null {
  if (currentBackend().forwardAsync !== undefined) return null
  return new Promise((resolve) => later(() => resolve()))
}
