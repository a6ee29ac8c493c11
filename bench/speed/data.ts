import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random, seedOf } from '../../src/selftest/random.js'
import { type BenchCase, elementsOf, parametersOf } from './cases.js'
import { type Inputs, type Outputs, outputNames } from './truth.js'

// The numbers of a case, the same for every contender: float32 files in a directory that the workers read.

/** In memory where there is such a file system: writing pages back to a disk would disturb the timings. */
const MEMORY_FILES = '/dev/shm'

/**
 * So many numbers are drawn and then repeated: drawing 25 million takes longer than timing them. Prime, so that rows and
 * channels differ.
 */
const DRAWN = 1_000_003

/** Away from 0 and 1, so that a contender that takes no mean or no variance fails the check. */
const MEAN = 0.3
const SIGMA = 1.2

export class DataDirectory {
  readonly path: string

  constructor() {
    this.path = mkdtempSync(join(existsSync(MEMORY_FILES) ? MEMORY_FILES : tmpdir(), 'evenkeel-bench-'))
  }

  /** Draws a case's inputs and writes each to a file of its name. */
  write(bench: BenchCase): Inputs {
    const inputs = drawInputs(bench)
    for (const [name, array] of Object.entries(inputs)) writeFileSync(join(this.path, name), bytesOf(array))
    return inputs
  }

  /** Where a worker writes its results. */
  get outputFile(): string {
    return join(this.path, 'outputs')
  }

  readOutputs(bench: BenchCase): Outputs {
    const all = readFloats(this.outputFile)
    const sizes = { y: elementsOf(bench), dx: elementsOf(bench) }
    const outputs: Record<string, Float32Array> = {}
    let at = 0
    for (const name of outputNames(bench)) {
      const length = name === 'y' || name === 'dx' ? sizes[name] : parametersOf(bench)
      outputs[name] = all.subarray(at, at + length)
      at += length
    }
    if (at !== all.length) throw new Error(`${at} results expected, ${all.length} written`)
    return outputs
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Seeded by layer and shape, not by operation: forward and backward of a shape see the same numbers. */
export function drawInputs(bench: BenchCase): Inputs {
  const random = new Random(seedOf(`${bench.layer} ${bench.layout} ${bench.shape}`))
  const size = elementsOf(bench)
  const parameters = parametersOf(bench)
  const draw = (length: number, next: () => number) => repeated(length, next)
  return {
    x: draw(size, () => MEAN + SIGMA * random.normal()),
    dy: draw(size, () => random.normal()),
    weight: draw(parameters, () => 1 + random.normal() / 4),
    bias: draw(parameters, () => random.normal()),
    mean: draw(parameters, () => MEAN + random.normal() / 4),
    variance: draw(parameters, () => SIGMA ** 2 * (1 + random.uniform())),
  }
}

function repeated(length: number, next: () => number): Float32Array {
  const array = new Float32Array(length)
  const drawn = Math.min(length, DRAWN)
  for (let i = 0; i < drawn; i++) array[i] = next()
  for (let done = drawn; done < length; done *= 2) array.copyWithin(done, 0, Math.min(done, length - done))
  return array
}

/** An array of its own, as users have them, not a view of Node's pool of buffers. */
export function readFloats(file: string): Float32Array {
  const bytes = readFileSync(file)
  const array = new Float32Array(bytes.byteLength / Float32Array.BYTES_PER_ELEMENT)
  bytesOf(array).set(bytes)
  return array
}

export function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
