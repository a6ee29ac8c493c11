import { basename, dirname, join } from 'node:path'
import { describe, EvenkeelError, fail } from '../errors.js'
import type { Input } from './inputs.js'
import { type ManifestHeader, manifestsIn, readManifest } from './manifest.js'
import type { Operation } from './operation.js'

// Where an input comes from, if a manifest beside it tells: which operation of which apply wrote it.

type Options = ManifestHeader['options']

/**
 * Throws if a manifest beside an input tells that another operation wrote it than the one that is undone. An input that no
 * manifest names may come from anywhere, and is taken.
 */
export async function checkUndoes(inputs: readonly Input[], undone: Operation['identity']): Promise<void> {
  const folders = new Map<string, ReadonlyMap<string, Options>>()
  for (const { path, size, modified } of inputs) {
    // A stream has no folder.
    if (size === 0 && modified === 0) continue
    const folder = dirname(path)
    const origins = folders.get(folder) ?? (await originsIn(folder))
    folders.set(folder, origins)
    const options = origins.get(basename(path))
    if (options === undefined) continue
    const differs = Object.keys(undone).find(
      (name) => JSON.stringify(options[name]) !== JSON.stringify(undone[name]),
    )
    if (differs === undefined) continue
    fail(
      'EVENKEEL_FILE',
      path,
      `the manifest beside it tells that ${operationOf(options)}, which this would not undo`,
      'give the statistics by which the file was scaled; or move it to another folder, if it is what you want to scale back',
    )
  }
}

/** What a manifest's options say of the operation, as the end of a sentence. */
function operationOf({ statistics, inverse, norm, layer }: Options): string {
  if (statistics === undefined) return `the norm ${describe(norm ?? layer)} wrote it`
  return inverse === true ? 'it was scaled back already' : 'other statistics scaled it'
}

/** The options of the applies that wrote the files of a folder, by the names of the files. */
async function originsIn(folder: string): Promise<Map<string, Options>> {
  const origins = new Map<string, Options>()
  for (const { name } of await manifestsIn(folder)) {
    const manifest = await readManifest(join(folder, name)).catch((error) => {
      // Nobody asked for this manifest, so it is no fault of the job if it is damaged.
      if (error instanceof EvenkeelError) return null
      throw error
    })
    for (const output of manifest?.outputs.keys() ?? []) origins.set(output, manifest?.header.options ?? {})
  }
  return origins
}
