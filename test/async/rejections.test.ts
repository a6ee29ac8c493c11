import { describe, expect, it } from 'vitest'
import { compiledEvenkeel, runChild } from './support.js'

// An unhandled rejection reaches the process once, as with any promise. A handled one does not.

const evenkeel = compiledEvenkeel()

const ROWS: readonly (readonly [way: string, unhandled: number])[] = [
  ['forwardAsync, left alone', 1],
  ['backwardAsync, left alone', 1],
  ['behind others, left alone', 1],
  ['then without catch', 1],
  ['awaited', 0],
  ['caught behind others', 0],
  ['one of two caught', 1],
]

describe.each(['native', 'portable'])('on the %s backend', (backend) => {
  const env = backend === 'portable' ? { EVENKEEL_BACKEND: backend } : {}

  it.each(ROWS)('%s', async (way, unhandled) => {
    const counted = await runChild(evenkeel, 'unhandled.mjs', [way, 'count'], env)
    expect(counted).toMatchObject({ how: 0, stdout: `${unhandled} unhandled\n` })
    const ended = await runChild(evenkeel, 'unhandled.mjs', [way, 'end'], env)
    if (unhandled === 0) expect(ended).toMatchObject({ how: 0, stdout: '0 unhandled\n', stderr: '' })
    else expect(ended).toMatchObject({ how: 1, stdout: '', stderr: expect.stringContaining('EvenkeelError') })
  })
})
