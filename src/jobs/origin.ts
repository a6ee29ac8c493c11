import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, EvenkeelError, fail } from '../errors.js'
import { naming } from '../files/file-error.js'
import { type Input, isStream } from './inputs.js'
import { type ManifestHeader, manifestsIn, readManifest } from './manifest.js'
import type { Operation } from './operation.js'

// Where an input comes from, if a manifest beside it tells: which operation of which apply wrote it.

/** What a manifest tells of a file beside it. */
interface Origin {
  readonly options: ManifestHeader['options']
  readonly bytes: number
}

/**
 * Throws if a manifest beside an input tells that another operation wrote it than the one that is undone. An input that no
 * manifest names may come from anywhere, and is taken.
 */
export async function checkUndoes(inputs: readonly Input[], undone: Operation['identity']): Promise<void> {
  const folders = new Map<string, ReadonlyMap<string, Origin>>()
  for (const input of inputs.filter((each) => !isStream(each))) {
    const place = await naming(input.path, () => realpath(input.path))
    const folder = dirname(place)
    const origins = folders.get(folder) ?? (await originsIn(folder))
    folders.set(folder, origins)
    const origin = origins.get(basename(place))
    // Another size: somebody has replaced the output.
    if (origin === undefined || origin.bytes !== input.size || isOf(undone, origin)) continue
    fail(
      'EVENKEEL_FILE',
      input.path,
      `the manifest beside it tells that ${whatWrote(origin)}, which this would not undo`,
      'give the statistics that scaled it; or, to take it as it is, copy it to another folder',
    )
  }
}

function isOf(identity: Operation['identity'], { options }: Origin): boolean {
  return Object.keys(identity).every(
    (name) => JSON.stringify(options[name]) === JSON.stringify(identity[name]),
  )
}

/** The end of a sentence. */
function whatWrote({ options: { statistics, inverse, norm } }: Origin): string {
  if (statistics === undefined) return `the norm ${describe(norm)} wrote it`
  return inverse === true ? 'it was scaled back already' : 'other statistics scaled it'
}

/** The origins of the files of a folder, by their names. Nobody asked for the manifests, so a damaged one tells nothing. */
async function originsIn(folder: string): Promise<Map<string, Origin>> {
  const origins = new Map<string, Origin>()
  for (const { name } of await manifestsIn(folder).catch(ignored([]))) {
    const manifest = await readManifest(join(folder, name)).catch(ignored(null))
    for (const [output, { bytes }] of manifest?.outputs ?? [])
      origins.set(output, { bytes, options: manifest?.header.options ?? {} })
  }
  return origins
}

/** For catch(): an error of a file becomes this value. */
function ignored<T>(value: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof EvenkeelError) return value
    throw error
  }
}
