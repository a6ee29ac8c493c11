import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeNpyHeader } from '../../src/data/npy.js'
import { encodeSafetensors } from '../../src/data/safetensors.js'
import { openWriter } from '../../src/files/index.js'
import { fit as fitFiles } from '../../src/jobs/fit.js'

// The code blocks of README and docs, and the files that they read.

const ROOT = join(import.meta.dirname, '..', '..')
/** Made by tools, and not in the repository. */
const MADE = /^(reference|\.vitepress)[/\\]/

/** A block of a page, with its fence's indentation taken away. */
export interface Block {
  /** Of the page, as README.md. */
  readonly page: string
  /** The line of its fence, from 1. */
  readonly line: number
  /** What stands behind the fence, as ts. '' if nothing does. */
  readonly language: string
  readonly code: string
  /** Its first line, for the title of a test. */
  readonly first: string
}

/** README, and each page of docs. */
export const pages: readonly string[] = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !MADE.test(name))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    .sort(),
]

export const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8')

export const blocks: readonly Block[] = pages.flatMap((page) => blocksOf(page, textOf(page)))

function blocksOf(page: string, text: string): Block[] {
  return [...text.matchAll(/^( *)```([^\s`]*)[^\n`]*\n(.*?)^\1```$/gms)].map((match) => {
    const [, indent, language, inner] = match
    const code = inner.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
    const line = text.slice(0, match.index).split('\n').length
    return { page, line, language, code, first: code.split('\n', 1)[0] }
  })
}

/** Whether a block is of commands that are run: those of `npx evenkeel`, and of packages that are installed here. */
export function isOfCommands({ language, code }: Block): boolean {
  const commands = code.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return language === 'sh' && commands.every((line) => /^(npx evenkeel|npm install) /.test(line))
}

const ROWS = 8
/** The features of the npy files. */
const FEATURES = 3
/** The channels of the BatchNorms in the models' files. */
const CHANNELS = 3

/** Numbers that differ, and are the same in each run. */
const numbers = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7 + seed))

/** Makes the files that the blocks read, under the names that the pages give them. */
export async function makeInputs(folder: string): Promise<void> {
  const at = (name: string) => join(folder, name)
  mkdirSync(at('in'), { recursive: true })
  const header = encodeNpyHeader('float32', [ROWS, FEATURES])
  for (const [seed, name] of ['features.npy', 'in/day-1.npy', 'in/day-2.npy'].entries())
    writeFileSync(at(name), Buffer.concat([header, Buffer.from(numbers(ROWS * FEATURES, seed).buffer)]))
  const names = ['age', 'income', 'score']
  const columns = { type: 'float32', rowShape: [names.length], rows: ROWS, names } as const
  const table = await openWriter(at('in/people.parquet'), columns)
  await table.write({ data: numbers(ROWS * names.length, 5), shape: [ROWS, names.length] })
  await table.commit()
  await fitFiles({ inputs: [at('features.npy')], out: at('stats.json') })
  makeModels(at)
}

/** A model of PyTorch, as its users save it, and one of Keras. */
function makeModels(at: (name: string) => string): void {
  const shape = [CHANNELS]
  const tensors = {
    'bn1.weight': { shape, data: numbers(CHANNELS, 1) },
    'bn1.bias': { shape, data: numbers(CHANNELS, 2) },
    'bn1.running_mean': { shape, data: numbers(CHANNELS, 3) },
    'bn1.running_var': { shape, data: numbers(CHANNELS, 4).map((value) => value * value) },
  }
  writeFileSync(at('model.safetensors'), encodeSafetensors(tensors))
  const entries = Object.entries(tensors).map(([name, { data }]) => [name, Array.from(data)] as const)
  const pytorch = [...entries, ['bn1.num_batches_tracked', 1], ['fc.weight', [[1, 2, 3]]]] as const
  writeFileSync(at('model.json'), JSON.stringify(Object.fromEntries(pytorch)))
  const kernel = ['dense/kernel', [[1, 2, 3]]] as const
  const ofKeras = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map(
    (name, i) => [`bn1/${name}`, entries[i][1]] as const,
  )
  writeFileSync(at('keras.json'), JSON.stringify(Object.fromEntries([...ofKeras, kernel])))
}
