import { describe, expect, it } from 'vitest'
import { type Backend, backends, info } from '../src/index.js'
import { selftestCases } from '../src/selftest/cases.js'
import { EXPECTED } from '../src/selftest/expected.js'
import { Hash } from '../src/selftest/hash.js'
import { selftest } from '../src/selftest/index.js'

describe('the self-test', () => {
  it('has a hash for every case, and no other', () => {
    expect(Object.keys(EXPECTED)).toEqual(selftestCases.map(({ title }) => title))
  })

  it('finds the expected bits on every backend here, and leaves the threads as they were', async () => {
    const before = info().threads
    const report = await selftest()
    expect(report).toMatchObject({ ok: true, cases: selftestCases.length, digest: report.expected })
    expect([...new Set(report.runs.map(({ backend }) => backend))]).toEqual(
      backends().map(({ name }) => name),
    )
    expect(info().threads).toBe(before)
  })

  it('finds one wrong bit, and names its case', async () => {
    const wrong = selftestCases[7]
    const [portable] = backends()
    const damaged: Backend = {
      ...portable,
      name: 'damaged',
      backward: (plan, io) => {
        portable.backward(plan, io)
        if (plan === wrong.plan) new Uint8Array(io.dx.buffer)[0] ^= 1
      },
    }
    const { ok, digest, expected, runs } = await selftest({ backends: [damaged], quick: true })
    expect(ok).toBe(false)
    expect(digest).not.toBe(expected)
    for (const run of runs) expect(run).toMatchObject({ ok: false, failures: [wrong.title] })
  })

  it('is not passed by a run of nothing', async () => {
    expect(await selftest({ backends: [] })).toMatchObject({ ok: false, digest: null })
  })

  it('hashes bytes as FNV-1a of 64 bits does, NaN as one value', () => {
    // The published test vector for 'foobar' has six bytes: no float's. Counted with BigInt instead.
    const values = Float64Array.of(1.5, -2.25, Math.PI, -0)
    let expected = 0xcbf29ce484222325n
    for (const byte of new Uint8Array(values.buffer))
      expected = BigInt.asUintN(64, (expected ^ BigInt(byte)) * 0x100000001b3n)
    expect(String(new Hash().add(values))).toBe(expected.toString(16).padStart(16, '0'))
    const [quiet, other] = [0x7fc00000, 0xffc00001].map(
      (bits) => new Float32Array(Uint32Array.of(bits).buffer),
    )
    expect(String(new Hash().add(quiet))).toBe(String(new Hash().add(other)))
  })
})
