import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { fail } from '../../src/errors.js'
import type { LabelledImages } from './labelled-images.js'

/** What a directory of MNIST-format files holds: a training set, a test set or both, of one image size. */
export interface IdxSets {
  readonly name: string
  readonly height: number
  readonly width: number
  readonly train?: LabelledImages
  readonly test?: LabelledImages
}

/** An IDX file's content: unsigned bytes under a shape. */
export interface IdxArray {
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

/** The third byte of an IDX file names the element type; MNIST-format files hold unsigned bytes. */
const UNSIGNED_BYTE = 0x08
const GZIP_MAGIC = [0x1f, 0x8b]

/**
 * Reads the pairs `train-images…`/`train-labels…` and `t10k-images…`/`t10k-labels…` (`test-…` will do) of
 * `directory`: names as MNIST, Fashion-MNIST, KMNIST and EMNIST give them, gzipped or not.
 * @throws EvenkeelError where no pair is complete, a file is damaged, or the files do not fit together.
 */
export function readIdxDirectory(directory: string): IdxSets {
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    fail('EVENKEEL_OPTION', '--data', `${directory} is not a directory`, 'give one that holds IDX files')
  }
  const files = readdirSync(directory).sort()
  const train = readPair(directory, files, 'train')
  const test = readPair(directory, files, '(t10k|test)')
  const first = train ?? test
  if (!first) {
    fail(
      'EVENKEEL_OPTION',
      '--data',
      `${directory} must hold IDX files such as t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz, got ${files.slice(0, 5).join(', ') || 'no files'}`,
      'keep the names that MNIST uses',
    )
  }
  if (train && test && (train.height !== test.height || train.width !== test.width)) {
    fail(
      'EVENKEEL_OPTION',
      '--data',
      `training and test images must be of one size, got ${train.height} x ${train.width} and ${test.height} x ${test.width}`,
      'take both from one set',
    )
  }
  const { height, width } = first
  return { name: basename(resolve(directory)), height, width, train: train?.images, test: test?.images }
}

function readPair(directory: string, files: readonly string[], prefix: string) {
  const find = (kind: string, ranks: number) => {
    const pattern = new RegExp(`(^|-)${prefix}-${kind}[-.]idx${ranks}-ubyte(\\.gz)?$`)
    const name = files.find((file) => pattern.test(file))
    return name === undefined ? undefined : join(directory, name)
  }
  const imageFile = find('images', 3)
  const labelFile = find('labels', 1)
  if (imageFile === undefined && labelFile === undefined) return undefined
  if (imageFile === undefined || labelFile === undefined) {
    fail(
      'EVENKEEL_OPTION',
      '--data',
      `images and labels must come together, got ${basename((imageFile ?? labelFile)!)} alone`,
      `add the ${imageFile === undefined ? 'images' : 'labels'}`,
    )
  }
  const images = readIdx(imageFile, 3)
  const labels = readIdx(labelFile, 1)
  const [count, height, width] = images.shape
  if (count !== labels.shape[0]) {
    fail(
      'EVENKEEL_OPTION',
      '--data',
      `there must be a label for each image, got ${count} images in ${basename(imageFile)} and ${labels.shape[0]} labels in ${basename(labelFile)}`,
      'take both from one set',
    )
  }
  return { height, width, images: { pixels: images.data, labels: labels.data } }
}

function readIdx(path: string, rank: number): IdxArray {
  return parseIdx(readFileSync(path), basename(path), rank)
}

/**
 * Decodes an IDX file, unpacking it first where it is gzipped: two zero bytes, the element type, the rank, an
 * unsigned 32-bit extent per dimension (high byte first), and the elements, row-major.
 * @param name the file's name, for error messages
 * @throws EvenkeelError where the bytes are not that, of unsigned bytes and of rank `rank`.
 */
export function parseIdx(file: Uint8Array, name: string, rank: number): IdxArray {
  const bytes = GZIP_MAGIC.every((byte, i) => file[i] === byte) ? unpack(file, name) : file
  const header = 4 + 4 * rank
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
    damaged(name, `an IDX file begins with two zero bytes, got ${start || 'an empty file'}`)
  }
  if (bytes[2] !== UNSIGNED_BYTE || bytes[3] !== rank) {
    damaged(
      name,
      `expected unsigned bytes (type 8) of rank ${rank}, got type ${bytes[2]} of rank ${bytes[3]}`,
    )
  }
  if (bytes.length < header) damaged(name, `the header needs ${header} bytes, got ${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
  const expected = header + shape.reduce((product, extent) => product * extent, 1)
  if (bytes.length !== expected) {
    damaged(name, `[${shape.join(', ')}] needs ${expected} bytes, got ${bytes.length}`)
  }
  return { shape, data: bytes.subarray(header) }
}

function unpack(file: Uint8Array, name: string): Uint8Array {
  try {
    return gunzipSync(file)
  } catch (error) {
    damaged(name, `it cannot be unpacked (${(error as Error).message})`)
  }
}

function damaged(name: string, problem: string): never {
  fail('EVENKEEL_OPTION', `--data: ${name}`, problem, 'the file is cut short or another kind: fetch it again')
}
