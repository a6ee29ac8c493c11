import { load } from '#addon'

// Runs around all test files: without the native backend they pass, and the last line says what was not tested.

export default function setup(): () => void {
  const { addon, errors } = load()
  return () => {
    // A replay tests a native build that is no addon.
    if (addon !== null || process.env.EVENKEEL_REPLAY) return
    const why = errors[0] ?? 'there is no build/Release/evenkeel.node'
    console.warn(`evenkeel: the native backend was NOT tested, only the portable one: ${why}`)
  }
}
