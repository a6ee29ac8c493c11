import { CHECKS, program } from './checks.mjs'

/** Median of milliseconds from import to first result, over `count` processes. */
export function timeOf(environment, context, count) {
  const place = environment.prepare(context.store)
  CHECKS[0].check(place, { ...context, environment })
  const times = Array.from({ length: count }, () => Number(program(place, 'first-result.mjs', [])))
  const sorted = times.sort((a, b) => a - b)
  return `${sorted[Math.floor(count / 2)].toFixed(1)}`
}
