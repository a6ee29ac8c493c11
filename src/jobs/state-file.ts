import { extname } from 'node:path'
import { STORAGES } from '../data/element-types.js'
import type { SafetensorsEntry } from '../data/safetensors.js'
import { fail } from '../errors.js'
import { type ByteInput, openFile } from '../files/byte-input.js'
import { readSafetensorsEntries } from '../files/safetensors-file.js'
import type { LoadableDict } from '../layers/state-dict.js'
import { newArray, sizeOf, type Tensor } from '../tensor.js'
import { readJSON } from './saved.js'

/** PyTorch's names of what a norm has. */
export const STATE_NAMES = ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']

/** The state dict of a file. Of a model in safetensors, only the values under the prefix are read. */
export async function readStateDict(file: string, prefix: string | undefined): Promise<LoadableDict> {
  if (extname(file).toLowerCase() === '.json') {
    const json = await readJSON(file)
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as LoadableDict
    fail('EVENKEEL_FILE', file, 'it is no object of names and values', 'save what stateDict() returns')
  }
  const input = await openFile(file)
  try {
    return await readTensors(input, prefix)
  } finally {
    await input.close()
  }
}

async function readTensors(input: ByteInput, prefix: string | undefined): Promise<LoadableDict> {
  const { path } = input
  const entries = await readSafetensorsEntries(input)
  const chosen = [...entries].filter(([name]) => name.startsWith(prefix ?? ''))
  if (prefix === undefined && chosen.length > STATE_NAMES.length)
    fail(
      'EVENKEEL_STATE',
      path,
      `it has ${chosen.length} tensors, such as ${chosen[0][0]}, which is a model and no layer`,
      'give the prefix of the layer',
    )
  const dict: Record<string, Tensor> = {}
  for (const [name, entry] of chosen) dict[name] = await readTensor(input, entry)
  return dict
}

async function readTensor(input: ByteInput, { type, shape, begin, end }: SafetensorsEntry): Promise<Tensor> {
  const bytes = new Uint8Array(end - begin)
  await input.read(bytes, begin)
  const data = newArray(STORAGES[type].dtype, sizeOf(shape))
  STORAGES[type].read(bytes.buffer, 0, data)
  return { data, shape }
}
