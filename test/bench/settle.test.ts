import { expect, it } from 'vitest'
import { cpuNanoseconds, settle } from '../../bench/speed/settle.js'

const BUSY = 1e9

it('looks again until a process has done next to nothing', async () => {
  const readings = [0, BUSY, 2 * BUSY, 2 * BUSY + 1, 9 * BUSY]
  await settle(1, () => readings.shift()!)
  expect(readings).toEqual([9 * BUSY])
})

it('looks once where there is nothing to know', async () => {
  let looks = 0
  await settle(null, () => {
    looks++
    return 0
  })
  expect(looks).toBe(2)
  expect(cpuNanoseconds(null)).toBe(0)
  expect(cpuNanoseconds(2 ** 30)).toBe(0)
})

it.runIf(process.platform === 'linux')('counts all threads of a process', () => {
  expect(cpuNanoseconds(process.pid)).toBeGreaterThan(0)
})
