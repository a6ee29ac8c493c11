import { describe, expect, it } from 'vitest'
import { EvenkeelError, type FloatArray, type Layer, type Tensor } from '../src/index.js'
import { BACKWARD } from './bad-calls/backward.js'
import { CONSTRUCTION } from './bad-calls/construction.js'
import { FORWARD } from './bad-calls/forward.js'
import { FUNCTIONS } from './bad-calls/functions.js'
import { OUT } from './bad-calls/out.js'
import { some } from './bad-calls/scene.js'
import { STATE_DICTS } from './bad-calls/state-dicts.js'
import { TENSORS } from './bad-calls/tensors.js'
import { snapshot } from './layers/support.js'

// Calls that must not succeed: each says what was expected, what came and the remedy, and leaves everything as it was.

const TABLES = {
  construction: CONSTRUCTION,
  tensors: TENSORS,
  forward: FORWARD,
  out: OUT,
  backward: BACKWARD,
  functions: FUNCTIONS,
  'state dicts': STATE_DICTS,
}
const ROWS = Object.values(TABLES).flat()

describe.each(Object.entries(TABLES))('bad calls: %s', (_, rows) => {
  it.each(rows)('%s', (_title, code, message, scene) => {
    const { call, layer, good, arrays = [] } = scene()
    const before = copies(layer, arrays)
    const error = errorOf(call)
    expect(error).toBeInstanceOf(EvenkeelError)
    expect(error).toMatchObject({ code, name: 'EvenkeelError' })
    expect(error.message).toBe(message)
    // Who: what was expected and came; the remedy.
    expect(error.message).toMatch(/^[\w()=]+: [^;]+(; .+)+[^.]\.$/)
    expect(copies(layer, arrays)).toEqual(before)
    if (layer && good) expect(goesOn(layer, good)).toEqual(goesOn(scene().layer!, good))
  })
})

it(`the table has ${ROWS.length} bad calls, no two alike`, () => {
  expect(ROWS.length).toBeGreaterThanOrEqual(100)
  expect(new Set(ROWS.map(([title, code]) => `${title} ${code}`)).size).toBe(ROWS.length)
})

function errorOf(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  return expect.fail('the call went through')
}

/** Copies of all that a layer holds, and of the arrays. */
function copies(layer: Layer | undefined, arrays: readonly FloatArray[]) {
  return { layer: layer && snapshot(layer), arrays: arrays.map((array) => array.slice()) }
}

/** What the layer computes after the bad call: first the gradient of the last good forward, then another forward. */
function goesOn(layer: Layer, good: Tensor) {
  const dy = some([...good.shape], layer.dtype)
  return [layer.backward(dy), layer.forward(good), layer.backward(dy), snapshot(layer)]
}
