import { DIFFERENCE_STEP } from './tolerance.js'

/** The slope of `loss` along each element of `values`, by central differences; each is moved and put back. */
export function differences(values: Float64Array | number[], loss: () => number): number[] {
  return Array.from(values, (value, i) => {
    const at = (moved: number) => {
      values[i] = moved
      return loss()
    }
    const slope = (at(value + DIFFERENCE_STEP) - at(value - DIFFERENCE_STEP)) / (2 * DIFFERENCE_STEP)
    values[i] = value
    return slope
  })
}
