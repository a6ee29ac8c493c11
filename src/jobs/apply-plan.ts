import { realpath } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fail } from '../errors.js'
import { endingOf } from '../files/ending.js'
import { formatOf } from '../files/open.js'
import type { Format } from '../files/reader.js'
import { type Input, isStream } from './inputs.js'

/** The ending of a result's name. */
const ENDINGS: Readonly<Record<Format, string>> = {
  npy: '.npy',
  safetensors: '.safetensors',
  arrow: '.arrow',
  parquet: '.parquet',
  csv: '.csv',
}

/**
 * The inputs, by the names of their outputs: the input's name, with the ending of the format.
 * @throws EvenkeelError (EVENKEEL_FILE) if two inputs would get one name.
 */
export function nameOutputs(inputs: readonly Input[], format: Format | undefined): Map<string, Input> {
  const planned = new Map<string, Input>()
  for (const input of inputs) {
    const { path } = input
    const name = basename(path, endingOf(path)) + ENDINGS[format ?? formatOf(path)]
    const twin = planned.get(name)
    if (twin !== undefined)
      fail(
        'EVENKEEL_FILE',
        path,
        `its output would be ${name}, as that of ${twin.path}`,
        'apply to each folder on its own',
      )
    planned.set(name, input)
  }
  return planned
}

/** Throws if an output would replace an input. */
export async function checkApart(folder: string, planned: ReadonlyMap<string, Input>): Promise<void> {
  const place = await realpath(folder)
  for (const input of planned.values()) {
    if (isStream(input)) continue
    const { path } = input
    const real = await realpath(path)
    if (dirname(real) === place && planned.has(basename(real)))
      fail(
        'EVENKEEL_FILE',
        path,
        `an output would replace it, because ${folder} is its folder`,
        'give another folder',
      )
  }
}

/** The paths of the outputs. */
export function pathsIn(folder: string, planned: ReadonlyMap<string, Input>): string[] {
  return [...planned.keys()].map((name) => join(folder, name))
}
