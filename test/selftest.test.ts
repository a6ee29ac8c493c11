import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
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
      name: 'damaged',
      forward: (plan, io) => portable.forward(plan, io),
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

describe('the command line', () => {
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], {
      env: { ...process.env, ...env },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
    )

  it('info tells what info() does', async () => {
    const { code, stdout } = await run(['info', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ ...info(), node: process.version })
    expect((await run(['info'])).stdout).toContain(`backend: ${info().backend}`)
  })

  it('selftest passes', async () => {
    const { code, stdout } = await run(['selftest', '--json'], { EVENKEEL_BACKEND: 'portable' })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, cases: selftestCases.length })
  })

  it.each([
    [[], 'a command is missing'],
    [['fly'], "unknown command 'fly'"],
    [['info', 'more'], "unknown command 'info more'"],
    [['toString'], "unknown command 'toString'"],
    [['info', '--fast'], "Unknown option '--fast'"],
  ])('%j is refused with the usage', async (args, message) => {
    const { code, stdout, stderr } = await run(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr).toContain('Usage: evenkeel <command>')
  })

  it('a wish that cannot be met is one line, not a stack', async () => {
    const { code, stderr } = await run(['info'], { EVENKEEL_BACKEND: 'fastest' })
    expect(code).toBe(1)
    expect(stderr).toBe(
      "evenkeel: EVENKEEL_BACKEND: must be 'native' or 'portable', got 'fastest'; unset it, and evenkeel chooses.\n",
    )
  })
})
