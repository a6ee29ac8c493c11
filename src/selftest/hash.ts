import { dtypeOf, type FloatArray } from '../tensor.js'

/** FNV-1a's prime is 2^40 + 435. A product with it is the number times 435, plus the number shifted left by 40 bits. */
const PRIME_LOW = 0x1b3

/** FNV-1a of 64 bits over the bytes of floats, little-endian on every machine. It is not a cryptographic hash. */
export class Hash {
  #high = 0xcbf29ce4
  #low = 0x84222325
  readonly #view = new DataView(new ArrayBuffer(8))

  add(array: FloatArray): this {
    const view = this.#view
    const wide = dtypeOf(array) === 'float64'
    const bytes = array.BYTES_PER_ELEMENT
    let high = this.#high
    let low = this.#low
    for (let i = 0; i < array.length; i++) {
      // All NaNs count as the same, because their payload is not part of the promise.
      const value = Number.isNaN(array[i]) ? Number.NaN : array[i]
      if (wide) view.setFloat64(0, value, true)
      else view.setFloat32(0, value, true)
      for (let j = 0; j < bytes; j++) {
        low ^= view.getUint8(j)
        // Multiplies 16 bits at a time, so that each product stays exact.
        const first = (low & 0xffff) * PRIME_LOW
        const second = (low >>> 16) * PRIME_LOW + (first >>> 16)
        high = (Math.imul(high, PRIME_LOW) + (second >>> 16) + (low << 8)) | 0
        low = (second << 16) | (first & 0xffff)
      }
    }
    this.#high = high >>> 0
    this.#low = low >>> 0
    return this
  }

  /** 16 hexadecimal digits. */
  toString(): string {
    return [this.#high, this.#low].map((half) => half.toString(16).padStart(8, '0')).join('')
  }
}
