import { Help } from 'commander'

/** 0.0423 -> '4.2 %' */
export const percent = (share: number) => `${points(share)} %`

/** 0.0423 -> '4.2' */
export const points = (share: number) => (100 * share).toFixed(1)

/** 'a', 'a and b', 'a, b and c' */
export function listed(parts: readonly (string | number)[]): string {
  if (parts.length < 2) return parts.join('')
  return `${parts.slice(0, -1).join(', ')} and ${parts[parts.length - 1]}`
}

/** '1 replicate', '2 replicates', '2 to 4 replicates' */
export function replicates(counts: readonly number[]): string {
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  return `${least === most ? least : `${least} to ${most}`} replicate${most === 1 ? '' : 's'}`
}

/** Broken between words into lines of at most `columns` (40 or more); those after the first begin with `indent`. */
export function wrapped(text: string, columns: number, indent = ''): string {
  return new Help().boxWrap(text, columns - indent.length).replaceAll('\n', `\n${indent}`)
}
