import { load } from '#addon'
import { describe, fail } from '../errors.js'
import type { FloatArray } from '../tensor.js'
import type { Backend } from './backend.js'
import { asyncPasses, type OffThread } from './native-async.js'
import { BACKWARD, FORWARD, type Operands, type OperandTable } from './operands.js'
import { type Frames, type Gone, type Prepared, PreparedPass } from './prepared.js'

/** A pass over the operands of its table, in their order, which stays in the frame. */
type KeptPass = (isa: number, descriptor: Float64Array, ...operandsAndFrame: [...Operands, number]) => Gone

/** What the addon exports; native/binding/addon.cc defines it. `isa` is an index into isas(). */
export interface Addon extends Frames {
  /** The package's, or native/load.cjs refuses it. */
  readonly version: string
  /** The instruction sets that this CPU has, best first, 'scalar' last. */
  isas(): string[]
  forward(
    isa: number,
    descriptor: Float64Array,
    x: FloatArray,
    y: FloatArray,
    weight: FloatArray | null,
    bias: FloatArray | null,
    mean: Float64Array,
    variance: Float64Array,
  ): void
  backward(
    isa: number,
    descriptor: Float64Array,
    dy: FloatArray,
    x: FloatArray,
    dx: FloatArray,
    weight: FloatArray | null,
    mean: Float64Array,
    variance: Float64Array,
    dweight: FloatArray | null,
    dbias: FloatArray | null,
  ): void
  /** Both are absent where the runtime does not let the addon keep an array's memory (native/binding/memory.cc). */
  forwardAsync?: OffThread<Addon['forward']>
  backwardAsync?: OffThread<Addon['backward']>
  forwardKept: KeptPass
  backwardKept: KeptPass
  threads(): number
  setThreads(threads: number): void
  setBytesPerThread(bytes: number): void
  adviseHugePages(array: FloatArray): void
  setCacheBytes(bytes: number): void
}

const loaded = load()
const addon = loaded.addon as Addon | null

/** The file of the addon, relative to the package; null where none loaded. */
export const binary: string | null = loaded.binary
/** Why files were passed over before it, or none loaded. */
export const loadErrors: readonly string[] = loaded.errors

/** The addon as one backend per instruction set, best first; none where it did not load. */
export const nativeBackends: readonly Backend[] = addon === null ? [] : addon.isas().map(nativeBackend(addon))

function nativeBackend(native: Addon): (isa: string, index: number) => Backend {
  return (isa, index) => ({
    name: `native-${isa}`,
    forward: (plan, io) =>
      native.forward(index, plan.descriptor, io.x, io.y, io.weight, io.bias, io.mean, io.variance),
    backward: (plan, io) =>
      native.backward(
        index,
        plan.descriptor,
        io.dy,
        io.x,
        io.dx,
        io.weight,
        io.mean,
        io.variance,
        io.dweight,
        io.dbias,
      ),
    ...asyncPasses(native, index),
  })
}

/**
 * Passes with a memory, for an owner of many calls over the same arrays; null where the backend looks nothing up. No
 * method of a Backend, because backends() gives those away, and PreparedPass trusts its caller.
 */
export function prepare(backend: Backend): Prepared | null {
  const isa = nativeBackends.indexOf(backend)
  if (addon === null || isa < 0) return null
  return { forward: preparedPass(addon, isa, FORWARD), backward: preparedPass(addon, isa, BACKWARD) }
}

function preparedPass(native: Addon, isa: number, table: OperandTable): PreparedPass {
  const kept = table === FORWARD ? native.forwardKept : native.backwardKept
  return new PreparedPass(native, table, (descriptor, operands, frame) =>
    kept(isa, descriptor, ...operands, frame),
  )
}

/** More threads than any machine profits from; keeps a typing error from starting a million. */
export const MAX_THREADS = 1024

/** Of the whole process, worker threads included; 0 before anyone has set it. */
export function threads(): number {
  return addon === null ? 1 : addon.threads()
}

/**
 * Sets how many threads a call may use, in the whole process, worker threads included.
 * Throws unless `count` is a whole number from 1 to 1024; the portable backend has one thread whatever is set.
 */
export function setThreads(count: number): void {
  checkThreads('setThreads', count)
  addon?.setThreads(count)
}

/** came: what the number was written as. */
export function checkThreads(who: string, count: number, came: unknown = count): void {
  if (Number.isSafeInteger(count) && count >= 1 && count <= MAX_THREADS) return
  fail(
    'EVENKEEL_OPTION',
    who,
    `the number of threads must be a whole number from 1 to ${MAX_THREADS}, got ${describe(came)}`,
    'os.availableParallelism() is a good choice',
  )
}

/** Default of setBytesPerThread, as native/runtime/parallel.cc has it. */
export const BYTES_PER_THREAD = 256 * 1024

/** For tests: how many bytes a thread's share of a call must move; 1 sends the smallest case to the team. */
export function setBytesPerThread(bytes: number): void {
  addon?.setBytesPerThread(bytes)
}

/** For tests: takes the last cache for this large; at 1 the smallest case goes the ways of large data. 0: the machine's own. */
export function setCacheBytes(bytes: number): void {
  addon?.setCacheBytes(bytes)
}

/**
 * From how many bytes on a new array gets huge pages. Smaller ones the allocator often gives from memory that was used
 * before, and whole huge pages would be mostly slack.
 */
const HUGE_PAGES_BYTES = 8 * 2 ** 20

/** Asks for huge pages in a new array, where it is large: touching its memory for the first time then costs a fifth. */
export function adviseHugePages(array: FloatArray): void {
  if (array.byteLength >= HUGE_PAGES_BYTES) addon?.adviseHugePages(array)
}
