import { CHECKS, program } from './checks.mjs'

/** The median time from import to first result over `count` processes, in milliseconds. */
export function timeOf(environment, context, count) {
  const place = environment.prepare(context.store)
  CHECKS[0].check(place, { ...context, environment })
  const times = Array.from({ length: count }, () => Number(program(place, 'first-result.mjs', [])))
  const sorted = times.sort((a, b) => a - b)
  return `${sorted[Math.floor(count / 2)].toFixed(1)}`
}
