import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { selftestCases } from '../src/selftest/cases.js'

// Each TypeScript snippet of README is a program: it compiles under strict, and runs, as it is printed.

const ROOT = join(import.meta.dirname, '..')
const FOLDER = join(ROOT, 'build', 'readme')
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
const run = promisify(execFile)

const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
const snippets = [...readme.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code], i) => ({
  file: `snippet-${i + 1}.ts`,
  code,
  first: code.split('\n', 1)[0],
}))

/** The package's names lead to its sources, so that a snippet runs what is here now. */
const CONFIG = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    rootDir: '../..',
    noEmit: true,
    // A snippet shows a result that it does not use.
    noUnusedLocals: false,
    paths: {
      evenkeel: ['../../src/index.ts'],
      'evenkeel/data': ['../../src/data/index.ts'],
      'evenkeel/tfjs': ['../../src/tfjs/index.ts'],
      'evenkeel/selftest': ['../../src/selftest/index.ts'],
    },
  },
  include: ['./*.ts'],
}

beforeAll(() => {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(CONFIG))
  for (const { file, code } of snippets) writeFileSync(join(FOLDER, file), `${code}\nexport {}\n`)
})
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

describe('README', () => {
  it('has snippets', () => {
    expect(snippets.length).toBeGreaterThanOrEqual(9)
  })

  it('tells how many cases the self-test has', () => {
    expect(readme).toContain(`a fixed set of ${selftestCases.length} cases`)
  })

  it('all compile', async () => {
    const told = await run(process.execPath, [TSC, '-p', FOLDER]).catch(({ stdout }) => ({ stdout }))
    expect(told.stdout).toBe('')
  })

  it.each(snippets)('$file runs: $first', async ({ file }) => {
    const options = { cwd: FOLDER, env: { ...process.env, TSX_TSCONFIG_PATH: join(FOLDER, 'tsconfig.json') } }
    const tsx = pathToFileURL(join(ROOT, 'node_modules', 'tsx', 'dist', 'loader.mjs')).href
    await run(process.execPath, ['--import', tsx, join(FOLDER, file)], options)
  })
})
