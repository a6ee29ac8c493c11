import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { backends, info, setThreads } from '../src/index.js'

const hasNative = backends().length > 1

afterEach(() => {
  vi.unstubAllEnvs()
  vi.resetModules()
})

it("the version is package.json's", () => {
  expect(info().version).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version)
})

it.skipIf(!hasNative)('the addon says that it is of the same version', async () => {
  const { load } = await import('#addon')
  expect((load().addon as { version: string }).version).toBe(info().version)
})

describe('threads', () => {
  it.skipIf(info().backend === 'portable')(
    'stay as they are set when the module is loaded again, as by another build',
    async () => {
      const before = info().threads
      setThreads(before + 1)
      vi.resetModules()
      const again = await import('../src/index.js')
      expect(again.info().threads).toBe(before + 1)
      setThreads(before)
    },
  )

  it.skipIf(!hasNative)(
    'come from EVENKEEL_THREADS, and no worker that loads evenkeel resets them',
    async () => {
      const script = `
      import { Worker } from 'node:worker_threads'
      import { info, setThreads } from './src/index.ts'
      const counts = [info().threads]
      setThreads(5)
      const here = JSON.stringify(import.meta.url)
      const load = "import('tsx/esm/api').then(({ tsImport }) => tsImport('./src/index.ts', " + here + '))'
      const worker = new Worker(load, { eval: true })
      await new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject))
      console.log(JSON.stringify([...counts, info().threads]))`
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '--eval', script],
        { env: { ...process.env, EVENKEEL_THREADS: '3', EVENKEEL_BACKEND: 'native' } },
      )
      expect(JSON.parse(stdout)).toEqual([3, 5])
    },
  )

  it.each(['0', '1.5', 'many'])('EVENKEEL_THREADS=%s is refused by its name', async (wish) => {
    vi.stubEnv('EVENKEEL_THREADS', wish)
    vi.resetModules()
    await expect(import('../src/index.js')).rejects.toMatchObject({
      code: 'EVENKEEL_OPTION',
      message: expect.stringContaining(`EVENKEEL_THREADS=${wish}: the number of threads must be`),
    })
  })
})
