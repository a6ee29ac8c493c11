/**
 * The names that other libraries and papers use for our options and choices. A better hint than the nearest spelling.
 */
const SYNONYMS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    // Options.
    epsilon: ['eps'],
    gamma: ['weight'],
    scale: ['weight'],
    gain: ['weight'],
    beta: ['bias'],
    center: ['bias'],
    shift: ['bias'],
    usebias: ['bias'],
    usescale: ['weight'],
    elementwiseaffine: ['affine'],
    trackrunningstats: ['runningAverage'],
    axis: ['layout', 'normalizedShape'],
    dataformat: ['layout', 'axis'],
    channelslast: ['layout', 'axis'],
    channelsfirst: ['layout', 'axis'],
    layout: ['axis'],
    dim: ['axis'],
    beginnormaxis: ['axis'],
    numgroups: ['groups'],
    numfeatures: ['channels'],
    features: ['channels'],
    into: ['out'],
    // Choices.
    cnn: ['conv'],
    convolution: ['conv'],
    convolutional: ['conv'],
    linear: ['dense'],
    dense: ['linear'],
    fc: ['dense', 'linear'],
    mlp: ['dense', 'linear'],
    fullyconnected: ['dense', 'linear'],
    rnn: ['sequence'],
    lstm: ['sequence'],
    gru: ['sequence'],
    transformer: ['sequence'],
    attention: ['sequence'],
    text: ['sequence'],
    tokens: ['sequence'],
    tf: ['keras'],
    tfjs: ['keras'],
    tensorflow: ['keras'],
    torch: ['pytorch'],
    biased: ['population'],
    double: ['float64'],
    single: ['float32'],
    float: ['float32'],
    fast: ['speed'],
  }),
)
/** A shorter text is the beginning of too many words. */
const SHORTEST_BEGINNING = 3
/** One wrong letter is allowed for this many letters. */
const LETTERS_PER_SLIP = 3

/** The known name that was probably meant: a synonym, or a name with a similar spelling. Undefined if there is none. */
export function meantName(name: string, known: readonly string[]): string | undefined {
  const bare = bareOf(name)
  const synonym = SYNONYMS.get(bare)?.find((each) => known.includes(each))
  return synonym ?? known.find((each) => beginsAlike(bare, bareOf(each))) ?? nearest(bare, known)
}

/** Makes num_groups, numGroups and NUM-GROUPS the same name. */
function bareOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Whether one name is the beginning of the other and at least half as long, as out is of output. */
function beginsAlike(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short.length >= SHORTEST_BEGINNING && 2 * short.length >= long.length && long.startsWith(short)
}

function nearest(bare: string, known: readonly string[]): string | undefined {
  const far = (candidate: string) => editDistance(bare, bareOf(candidate))
  const best = known.reduce((a, b) => (far(b) < far(a) ? b : a))
  const slips = Math.floor(Math.max(bare.length, best.length) / LETTERS_PER_SLIP)
  return far(best) <= slips ? best : undefined
}

/** The number of letters to change, add, remove or swap with the next one (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) next[j] = Math.min(next[j], before[j - 2] + 1)
    }
    before = row
    row = next
  }
  return row[b.length]
}
