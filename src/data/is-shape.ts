/** Whether a value from a file is a list of whole numbers from 0 up, whose product is one that memory can have. */
export function isShape(value: unknown): value is readonly number[] {
  if (!Array.isArray(value)) return false
  // A copy has no holes, which every() would skip.
  if (![...value].every((extent) => Number.isSafeInteger(extent) && extent >= 0)) return false
  return value.includes(0) || Number.isSafeInteger(value.reduce((product, extent) => product * extent, 1))
}
