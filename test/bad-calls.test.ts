import { describe, expect, it } from 'vitest'
import { EvenkeelError } from '../src/index.js'
import { ROWS, TABLES } from './bad-calls/tables.js'
import { copies, goesOn } from './bad-calls/unchanged.js'

// Calls that must not succeed. The error says what was expected, what came and the remedy, and the call changes
// nothing.

describe.each(Object.entries(TABLES))('bad calls: %s', (_, rows) => {
  it.each(rows)('%s', (_title, code, message, scene) => {
    const { call, layer, good, arrays = [] } = scene()
    const before = copies(layer, arrays)
    const error = errorOf(call)
    expect(error).toBeInstanceOf(EvenkeelError)
    expect(error).toMatchObject({ code, name: 'EvenkeelError' })
    expect(error.message).toBe(message)
    // The form is: who: what was expected and what came; the remedy.
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
