import type { Operands, OperandTable } from '../backend/operands.js'
import { fail } from '../errors.js'
import { arrayGetter, type FloatArray } from '../tensor.js'
import type { Plan } from './plan.js'

export const bufferOf = arrayGetter<ArrayBufferLike>('buffer')
const offsetOf = arrayGetter<number>('byteOffset')
const bytesOf = arrayGetter<number>('byteLength')

/** Whether both are views of exactly the same elements. */
export function isSame(a: FloatArray, b: FloatArray): boolean {
  if (a === b) return true
  return offsetOf(a) === offsetOf(b) && bytesOf(a) === bytesOf(b) && bytesOf(a) > 0 && overlaps(a, b)
}

/** Whether two arrays share an element's memory. */
export function overlaps(a: FloatArray, b: FloatArray): boolean {
  const begin = Math.max(offsetOf(a), offsetOf(b))
  const end = Math.min(offsetOf(a) + bytesOf(a), offsetOf(b) + bytesOf(b))
  return begin < end && isOneBlock(bufferOf(a), bufferOf(b), begin)
}

/**
 * Whether two buffers are the same block of memory. This can be so for two different SharedArrayBuffers: for a buffer
 * and its structured clone, and for the buffers of a WebAssembly memory before and after it grows. Both begin at the
 * start of the block. So a byte that is changed through one buffer is also changed in the other, at the same offset.
 * The function changes the byte `at` and restores it at once. This byte must belong to an array that the call will
 * write, because no other code may use such an array during the call.
 */
function isOneBlock(a: ArrayBufferLike, b: ArrayBufferLike, at: number): boolean {
  if (a === b) return true
  if (!isShared(a) || !isShared(b)) return false
  const [ours, theirs] = [new Uint8Array(a, at, 1), new Uint8Array(b, at, 1)]
  const before = ours[0]
  const seen = [before, ~before].map((byte) => {
    ours[0] = byte
    return theirs[0] === ours[0]
  })
  ours[0] = before
  return seen.every(Boolean)
}

function isShared(buffer: ArrayBufferLike): boolean {
  return buffer[Symbol.toStringTag] === 'SharedArrayBuffer'
}

/**
 * Whether each array has its own buffer, and at most one of these buffers is shared. Then no arrays overlap. This is
 * the usual case, and the check is fast: it reads each array's buffer once. To read the buffer of a typed array is a
 * call into the JavaScript engine (about 20 ns).
 */
function areSeparate(operands: Operands): boolean {
  const buffers: ArrayBufferLike[] = []
  for (const array of operands) {
    if (array === null) continue
    const buffer = bufferOf(array)
    if (buffers.includes(buffer)) return false
    buffers.push(buffer)
  }
  return buffers.filter(isShared).length < 2
}

/** Throws if a written operand shares memory with another operand that it may not replace. */
export function checkOverlaps(plan: Plan, table: OperandTable, operands: Operands): void {
  if (areSeparate(operands)) return
  for (const [i, { name, written, replaces }] of table.entries()) {
    const array = operands[i]
    if (!written || array === null) continue
    for (const [j, other] of operands.entries()) {
      if (i === j || other === null || !overlaps(array, other)) continue
      const replaceable = replaces.includes(table[j].name)
      if (!(replaceable && isSame(array, other))) refuse(plan, name, table[j].name, replaceable)
    }
  }
}

function refuse(plan: Plan, name: string, other: string, replaceable: boolean): never {
  fail(
    'EVENKEEL_BUFFER',
    plan.layer,
    `${name} overlaps ${replaceable ? 'a part of ' : ''}${other} in one buffer`,
    replaceable
      ? `pass ${other} itself to replace it, or a buffer apart from it`
      : `give ${name} memory of its own`,
  )
}
