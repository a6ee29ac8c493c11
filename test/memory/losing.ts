import { EvenkeelError, type FloatArray, type Tensor } from '../../src/index.js'
import { firstDifference } from '../support/run.js'
import type { ArrayType, Way } from './ways.js'

// Compares two equal scenes, one of which loses an array.

/** The object of a layer or a caller that refers to an array. */
export interface Holder {
  data: FloatArray
}

export interface Scene {
  readonly holders: Readonly<Record<string, Holder>>
  /** The state of the scene besides its arrays, a counter. */
  readonly count: number
}

export interface Pass<S extends Scene> {
  /** The names of the arrays that the pass reads or writes. */
  readonly needs: readonly string[]
  /** Runs before the pass. */
  readonly before?: (scene: S) => unknown
  readonly call: (scene: S) => Tensor | Promise<Tensor>
  readonly asynchronous?: true
}

/**
 * Takes away an array before a pass, after `callsBefore` equal passes. If the pass needs the array, it must throw
 * EVENKEEL_BUFFER twice and change nothing. Otherwise it must give the right bits. With a new array it must work again.
 * Returns what was wrong, or null.
 */
export async function lose<S extends Scene>(
  make: () => S,
  way: Way,
  pass: Pass<S>,
  name: string,
  callsBefore: number,
): Promise<string | null> {
  const [scene, calm] = [make(), make()]
  const loses = move(scene.holders[name], way)
  for (const each of [scene, calm]) {
    pass.before?.(each)
    for (let i = 0; i < callsBefore; i++) await pass.call(each)
  }
  loses()
  const wrong = pass.needs.includes(name)
    ? ((await refusal(scene, pass)) ?? (await refusal(scene, pass)))
    : await sameResults(scene, calm, pass)
  if (wrong) return wrong
  const changed = difference(scene, calm, name)
  if (changed) return `then ${changed}`
  scene.holders[name].data = calm.holders[name].data.slice()
  for (const each of [scene, calm]) pass.before?.(each)
  const next = (await sameResults(scene, calm, pass)) ?? difference(scene, calm)
  return next && `with a fresh array, ${next}`
}

/** Moves an array to other memory with the same contents. Returns a function that takes this memory away. */
function move(holder: Holder, way: Way): () => void {
  const { array, lose } = way.place(holder.data.constructor as ArrayType, holder.data.length)
  array.set(holder.data)
  holder.data = array
  return lose
}

/** The difference of two scenes, apart from one array. Null if there is none. */
function difference(scene: Scene, calm: Scene, without?: string): string | null {
  for (const [name, { data }] of Object.entries(scene.holders)) {
    const found = name === without ? null : firstDifference(data, calm.holders[name].data)
    if (found) return `${name}${found}`
  }
  return scene.count === calm.count ? null : `the count is ${scene.count} instead of ${calm.count}`
}

/** What is wrong with the error of a call, or null. */
async function refusal<S extends Scene>(scene: S, { call }: Pass<S>): Promise<string | null> {
  try {
    await call(scene)
    return 'it was not missed'
  } catch (error) {
    return error instanceof EvenkeelError && error.code === 'EVENKEEL_BUFFER' ? null : String(error)
  }
}

async function sameResults<S extends Scene>(scene: S, calm: S, { call }: Pass<S>): Promise<string | null> {
  try {
    const found = firstDifference((await call(scene)).data, (await call(calm)).data)
    return found && `the result${found}`
  } catch (error) {
    return `it threw ${error}`
  }
}
