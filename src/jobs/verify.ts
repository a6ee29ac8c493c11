import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { STATISTICS } from '../data/feature-statistics.js'
import { EvenkeelError } from '../errors.js'
import { naming } from '../files/file-error.js'
import { openReader } from '../files/open.js'
import { finalName } from '../files/partial-files.js'
import { numbersOf } from '../json-numbers.js'
import { optionDifference } from './fit-plan.js'
import { type ManifestContent, manifestsIn, type Output, readManifest } from './manifest.js'
import { readSaved } from './saved.js'
import type { Shard } from './shard.js'

/** What was looked at, and what is wrong: a sentence for each fault, which names the file. */
export interface Findings {
  readonly checked: number
  readonly faults: readonly string[]
}

/** Checks the folder of an apply, or the statistics of a fit. */
export async function verify(path: string): Promise<Findings> {
  const status = await naming(path, () => stat(path))
  return status.isDirectory() ? verifyFolder(path) : verifySaved(path)
}

/** Checks that the shards, their outputs and nothing unfinished is in a folder. */
async function verifyFolder(folder: string): Promise<Findings> {
  const faults: string[] = []
  const found = await manifestsIn(folder)
  if (found.length === 0) faults.push(`${folder}: there is no manifest of an apply`)
  faults.push(
    ...shardFaults(
      folder,
      found.map(({ shard }) => shard),
    ),
  )
  const outputs = new Map<string, Output>()
  let first: ManifestContent | undefined
  for (const { name } of found) {
    const path = join(folder, name)
    const manifest = await attempt(faults, () => readManifest(path))
    if (manifest === undefined) continue
    if (manifest?.ended !== true) faults.push(`${path}: the job did not come to its end`)
    if (manifest === null) continue
    first ??= manifest
    const difference = optionDifference(first.header.options, manifest.header.options)
    if (difference !== null) faults.push(`${path}: it is of another job than ${found[0].name}: ${difference}`)
    for (const [output, each] of manifest.outputs) outputs.set(output, each)
  }
  for (const output of outputs.values()) faults.push(...(await outputFaults(folder, output)))
  for (const name of await naming(folder, () => readdir(folder)))
    if (finalName(name) !== null) faults.push(`${join(folder, name)}: it is left over from a killed process`)
  return { checked: outputs.size, faults }
}

function shardFaults(folder: string, shards: readonly (Shard | null)[]): string[] {
  const counts = new Set(shards.map((shard) => shard?.count ?? 0))
  if (counts.size > 1)
    return [
      `${folder}: it has manifests of jobs with ${[...counts].map((n) => n || 'no').join(' and ')} shards`,
    ]
  const [count = 0] = counts
  const missing = Array.from({ length: count }, (_, i) => i).filter(
    (i) => !shards.some((shard) => shard?.index === i),
  )
  return missing.map((i) => `${folder}: shard ${i} of ${count} is missing`)
}

async function outputFaults(folder: string, { output, bytes, rows }: Output): Promise<string[]> {
  const path = join(folder, output)
  const faults: string[] = []
  await attempt(faults, async () => {
    const { size } = await naming(path, () => stat(path))
    if (size !== bytes) faults.push(`${path}: it had ${bytes} bytes when it was written, and has ${size}`)
    const reader = await openReader(path)
    if (reader.rows !== null && reader.rows !== rows)
      faults.push(`${path}: it had ${rows} rows when it was written, and has ${reader.rows}`)
    await reader.close()
  })
  return faults
}

/** Checks that the statistics can be read, and that what is written for other readers is what they give. */
async function verifySaved(path: string): Promise<Findings> {
  const faults: string[] = []
  const saved = await attempt(faults, () => readSaved(path))
  if (saved === undefined) return { checked: 0, faults }
  // What safetensors has for other readers is not checked.
  if (saved.json === null) return { checked: 1, faults }
  const { summary = {} } = saved.json as { summary?: Readonly<Record<string, unknown>> }
  const { statistics } = saved.standardizer
  for (const name of STATISTICS) {
    const list = await attempt(faults, () => numbersOf(path, `summary.${name}`, summary[name]))
    if (list === undefined) continue
    const feature = statistics[name].findIndex((value, f) => !Object.is(value, list[f]))
    if (feature >= 0 || list.length !== statistics[name].length)
      faults.push(
        `${path}: ${name} of feature ${Math.max(0, feature)} in its summary is not that of its chunks`,
      )
  }
  return { checked: 1, faults }
}

/** The value of an action. An error becomes a fault. */
async function attempt<T>(faults: string[], action: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await action()
  } catch (error) {
    if (!(error instanceof EvenkeelError)) throw error
    faults.push(error.message)
    return undefined
  }
}
