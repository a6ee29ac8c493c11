/** Grey images of one size, row by row, one byte a pixel, and a class for each. */
export interface LabelledImages {
  /** [count, height, width] */
  readonly pixels: Uint8Array
  /** [count] */
  readonly labels: Uint8Array
}
