/** One position of each slider of the live page. */
export interface Setting {
  /** Samples. */
  readonly batch: number
  /** Mean divided by standard deviation. */
  readonly ratio: number
  /** The groups of GroupNorm. */
  readonly groups: number
}

/** The positions of the sliders. Each combination has digests by the native backend. */
export const CHOICES = {
  batch: [2, 4, 8, 16, 32],
  ratio: [0, 1, 10, 100, 1e3, 1e4, 1e5],
  groups: [1, 2, 4, 8],
} as const satisfies Record<keyof Setting, readonly number[]>

export const SETTINGS: readonly Setting[] = CHOICES.batch.flatMap((batch) =>
  CHOICES.ratio.flatMap((ratio) => CHOICES.groups.map((groups) => ({ batch, ratio, groups }))),
)

export const NORMS = ['BatchNorm', 'LayerNorm', 'GroupNorm'] as const
export type Norm = (typeof NORMS)[number]

/** The name of a digest. Only GroupNorm has groups. */
export function keyOf(norm: Norm, { batch, ratio, groups }: Setting): string {
  return norm === 'GroupNorm' ? `${norm} ${batch} ${ratio} ${groups}` : `${norm} ${batch} ${ratio}`
}
