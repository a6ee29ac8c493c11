import type { Subject } from './scenario.js'

// The shapes of a scenario's inputs, and the arguments that its layer takes.

export function isOfRows({ norm }: Subject): boolean {
  return norm === 'LayerNorm' || norm === 'RMSNorm'
}

export function channelsOf({ groups, perGroup }: Subject): number {
  return groups * perGroup
}

/** The shape of weight and bias. */
export function affineShapeOf(subject: Subject): readonly number[] {
  return isOfRows(subject) ? subject.normalized : [channelsOf(subject)]
}

/** The shape of an input, with `more` further samples. */
export function shapeOf(subject: Subject, more = 0): readonly number[] {
  const { outer, normalized, inner, layout } = subject
  const [samples, ...others] = outer
  if (isOfRows(subject)) return [samples + more, ...others, ...normalized, ...inner]
  const channels = channelsOf(subject)
  return layout === 'channels-last'
    ? [samples + more, ...inner, channels]
    : [samples + more, channels, ...inner]
}

/** The first normalized dimension. Undefined: the last dimensions are normalized. */
export function axisOf({ outer, inner }: Subject): number | undefined {
  return inner.length === 0 ? undefined : outer.length
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}
