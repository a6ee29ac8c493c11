import { expect, it } from 'vitest'
import { allCpuSeconds, ownCpuSeconds } from '../../bench/speed/disturbance.js'

it('counts all but idle and waiting time, the host included', () => {
  expect(allCpuSeconds('cpu  100 20 300 90000 5000 1 2 7 0 0\ncpu0 1 2 3')).toBeCloseTo(4.3, 12)
})

it("reads a process's time past a name with brackets and spaces", () => {
  const stat = '17 (a (b) c) S 1 17 17 0 -1 4194560 5 0 0 0 250 50 9 9 20 0 1 0 100'
  expect(ownCpuSeconds(stat)).toBeCloseTo(3, 12)
})
