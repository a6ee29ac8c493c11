import type { CallOptions, Tensor } from '../../../src/index.js'

// Loops whose results come from a workspace.

/** What they use of the package, where it exports it. */
interface WithWorkspace {
  workspace(): { release(): void }
}

/**
 * A call that is a step of its own: it gives back what the call before it drew. Its result is valid until the next call.
 * A string where the build has no workspace.
 */
export function inWorkspace(
  evenkeel: object,
  call: (options: CallOptions) => Tensor,
): (() => Tensor) | string {
  if (!hasWorkspace(evenkeel)) return 'this build exports no workspace()'
  const workspace = evenkeel.workspace()
  const options: object = { workspace }
  return () => {
    workspace.release()
    return call(options)
  }
}

function hasWorkspace(evenkeel: object): evenkeel is WithWorkspace {
  return 'workspace' in evenkeel
}
