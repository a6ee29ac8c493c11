import { describe, expect, it } from 'vitest'
import { type OperandTable, PASS_NAMES, PASSES, type PassName } from '../src/backend/operands.js'
import { type Backend, backends, batchNorm, EvenkeelError, layerNorm } from '../src/index.js'
import { numbers } from './memory/layers.js'

// The passes of a backend can be called directly. Each array must be as the plan has it.

/** A plan of one pass, and one of stages. Each has as many elements, affine elements and slots as no other. */
const PLANS = {
  planes: batchNorm(numbers('float32', [2, 3, 5], 1)).context.plan,
  stages: layerNorm(numbers('float32', [2, 3, 5], 1), { normalizedShape: 3, axis: 1 }).context.plan,
}
const LENGTHS = {
  planes: { data: 30, affine: 3, statistics: 3 },
  stages: { data: 30, affine: 3, statistics: 10 },
}
type PlanName = keyof typeof PLANS

function buffers(plan: PlanName, pass: PassName) {
  const table: OperandTable = PASSES[pass]
  const entries = table.map(({ field, kind }) => {
    const Type = kind === 'statistics' ? Float64Array : Float32Array
    return [field, new Type(LENGTHS[plan][kind]).fill(1)]
  })
  return Object.fromEntries(entries)
}

/** What is wrong with an operand. */
const WRONG: Readonly<Record<string, (array: Float32Array | Float64Array) => unknown>> = {
  'is short': (array) => array.subarray(1),
  'is long': (array) => new (array.constructor as Float32ArrayConstructor)(array.length + 1),
  'has another type': (array) =>
    array instanceof Float64Array ? Float32Array.from(array) : Float64Array.from(array),
  'is no array': () => 5,
}

function call(backend: Backend, pass: PassName, plan: PlanName, io: object, asynchronous: boolean) {
  const name = asynchronous ? (`${pass}Async` as const) : pass
  return (backend[name] as (plan: unknown, io: object) => unknown)(PLANS[plan], io)
}

const CALLS = PASS_NAMES.flatMap((pass) =>
  (['planes', 'stages'] as const).map((plan) => [pass, plan] as const),
)

describe.each(backends())('$name', (backend) => {
  const ways = backend.forwardAsync === undefined ? [false] : [false, true]

  it.each(CALLS)('%s takes arrays that fit, of %s', async (pass, plan) => {
    for (const way of ways) await call(backend, pass, plan, buffers(plan, pass), way)
  })

  it.each(CALLS)(
    '%s refuses each operand that does not fit, of %s, and writes nothing',
    async (pass, plan) => {
      for (const { field } of PASSES[pass]) {
        for (const [title, change] of Object.entries(WRONG)) {
          for (const way of ways) {
            const io = buffers(plan, pass)
            io[field] = change(io[field])
            const before = structuredClone(io)
            const error = await (async () => call(backend, pass, plan, io, way))().catch(
              (thrown: Error) => thrown,
            )
            expect(error, `${field} ${title}`).toBeInstanceOf(EvenkeelError)
            expect(error).toMatchObject({ code: 'EVENKEEL_BUFFER' })
            expect((error as Error).message).toContain(`${backend.name}.${pass}: ${field} must be`)
            expect(io).toEqual(before)
          }
        }
      }
    },
  )

  it('takes null or nothing for a parameter, and for nothing else', () => {
    const { weight: _, bias: __, ...io } = buffers('planes', 'forward')
    expect(() => backend.forward(PLANS.planes, io as never)).not.toThrow()
    expect(() => backend.forward(PLANS.planes, { ...io, weight: null, bias: null } as never)).not.toThrow()
    expect(() => backend.forward(PLANS.planes, { ...io, mean: null } as never)).toThrow(EvenkeelError)
  })
})
