import { describe, fail } from '../errors.js'

/** Names of Keras and of early versions of PyTorch, with PyTorch's present names. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['gamma', 'weight'],
  ['beta', 'bias'],
  ['scale', 'weight'],
  ['moving_mean', 'running_mean'],
  ['moving_variance', 'running_var'],
])
/** How many names an error message lists. For a whole model, this is enough to see what kind of names it has. */
const MOST_LISTED = 6

/** One value of a dict, under the name that the caller gave it. */
export interface Entry {
  readonly key: string
  /** PyTorch's name of the entry, without the name of its module. */
  readonly name: string
  readonly value: unknown
}

/** What a layer needs: the names that must be there, the names that may be missing, and which values fit. */
export interface Wanted {
  readonly names: readonly string[]
  readonly optional: readonly string[]
  readonly fits: (name: string, value: unknown) => boolean
}

/**
 * Finds the entries of one layer in the dict of a layer or of a whole model. The entries are keyed by PyTorch's
 * names. A key of the dict is the name of a module, a dot or a slash, and the name of the entry: layer1.0.bn1.weight,
 * batch_normalization/gamma:0. If there is no prefix, the keys must have no module, or they must all have the same
 * path, as in Keras.
 */
export function entriesOf(
  who: string,
  dict: object,
  wanted: Wanted,
  prefix: string | undefined,
): Map<string, Entry> {
  const modules = modulesOf(dict)
  const module = prefix === undefined ? onlyPath(modules) : prefix.replace(/[./]$/, '')
  const entries = modules.get(module) ?? []
  const strays = prefix === undefined ? [...modules.keys()].filter((other) => other !== module) : []
  const found = new Map(entries.map((entry) => [entry.name, entry]))
  const unexpected = unexpectedOf(entries, wanted).concat(strays.flatMap((other) => modules.get(other) ?? []))
  const missing = wanted.names.filter((name) => !found.has(name))
  if (missing.length === 0 && unexpected.length === 0) return found
  const problems = [
    missing.length > 0 ? `lacks ${missing.join(', ')}` : '',
    unexpected.length > 0 ? `has unexpected ${listed(unexpected.map(({ key }) => key))}` : '',
  ]
  const under = prefix === undefined ? '' : ` under the prefix ${describe(prefix)}`
  const problem = `the state dict ${problems.filter(Boolean).join(' and ')}${under}`
  fail('EVENKEEL_STATE', who, problem, remedyOf(modules, module, wanted))
}

/** The entries of each module. The module of a key without a dot or a slash is ''. */
function modulesOf(dict: object): Map<string, Entry[]> {
  const modules = new Map<string, Entry[]>()
  for (const [key, value] of Object.entries(dict)) {
    if (value === undefined) continue
    // In TensorFlow, the name of a variable ends with a colon and a number.
    const path = key.replace(/:\d+$/, '')
    const cut = Math.max(path.lastIndexOf('.'), path.lastIndexOf('/'))
    const module = path.slice(0, Math.max(cut, 0))
    const last = path.slice(cut + 1)
    const entry = { key, name: OTHER_NAMES.get(last) ?? last, value }
    const others = modules.get(module)
    if (others) others.push(entry)
    else modules.set(module, [entry])
  }
  return modules
}

/** In Keras, the name of each variable has the path of its layer. If there is only one path, no prefix is needed. */
function onlyPath(modules: ReadonlyMap<string, readonly Entry[]>): string {
  const [[module, entries] = ['', []]] = modules
  return modules.size === 1 && entries.every(({ key }) => key.includes('/')) ? module : ''
}

/** The entries that the layer cannot use: those with other names, and a second entry with the same name. */
function unexpectedOf(entries: readonly Entry[], { names, optional }: Wanted): Entry[] {
  return entries.filter(({ name }, i) => {
    const again = entries.findIndex((other) => other.name === name) < i
    return again || !(names.includes(name) || optional.includes(name))
  })
}

function remedyOf(modules: ReadonlyMap<string, Entry[]>, module: string, wanted: Wanted): string {
  const fitting = [...modules].filter(([other, entries]) => other !== module && areWanted(entries, wanted))
  if (fitting.length > 0) {
    const prefixes = fitting.map(([other]) => `'${other}'`)
    return `pass { prefix: ${prefixes[0]} }${prefixes.length > 1 ? `, or ${listed(prefixes.slice(1))}` : ''}`
  }
  const allowed = [...wanted.names, ...wanted.optional]
  const names = allowed.length > 0 ? allowed.join(', ') : 'none: it has no state'
  return `give this layer's names (${names}), or construct it with the options that the saved one had`
}

function areWanted(entries: readonly Entry[], wanted: Wanted): boolean {
  const found = new Map(entries.map(({ name, value }) => [name, value]))
  const fit = wanted.names.every((name) => found.has(name) && wanted.fits(name, found.get(name)))
  return fit && unexpectedOf(entries, wanted).length === 0
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_LISTED
  return names.slice(0, MOST_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
