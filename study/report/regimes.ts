import type { Regime } from '../settings.js'

/** What a regime is called, wherever it is named. */
export const REGIME_TITLES: Readonly<Record<Regime['name'], string>> = {
  small: 'small network',
  deep: 'maps of 1 x 1',
  fast: 'high rate',
  runs: 'images in runs',
}

/** What a regime is, as HTML. */
export function describeRegime({ name, shape, learningRate, runLength }: Regime): string {
  const { channels, convolutionsPerStage } = shape
  const layers = channels.length * convolutionsPerStage
  const order = runLength === 1 ? 'in random order' : `in runs of ${runLength} images of one class`
  return (
    `<b>${REGIME_TITLES[name]}</b>: ${layers} convolutions (${channels.join(', ')} channels` +
    `${convolutionsPerStage > 1 ? `, ${convolutionsPerStage} layers each` : ''}), learning rate ${learningRate} at batch size 32, images ${order}.`
  )
}
