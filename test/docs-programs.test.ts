import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// Each TypeScript block of the site's first pages and concepts is a program: it compiles under strict, and runs.

const ROOT = join(import.meta.dirname, '..')
const FOLDER = join(ROOT, 'build', 'docs-programs')
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
const run = promisify(execFile)

const concepts = readdirSync(join(ROOT, 'docs', 'concepts')).map((name) => `concepts/${name}`)
const programs = ['start.md', ...concepts].flatMap((page) =>
  [...readFileSync(join(ROOT, 'docs', page), 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(
    ([, code], i) => ({ file: `${page.replace(/\W/g, '-')}-${i + 1}.ts`, code }),
  ),
)

const CONFIG = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    rootDir: '../..',
    noEmit: true,
    noUnusedLocals: false,
    paths: { evenkeel: ['../../src/index.ts'] },
  },
  include: ['./*.ts'],
}

beforeAll(() => {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(CONFIG))
  for (const { file, code } of programs) writeFileSync(join(FOLDER, file), `${code}\nexport {}\n`)
})
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

describe('the programs of the pages', () => {
  it('compile', async () => {
    expect(programs.length).toBeGreaterThanOrEqual(8)
    const told = await run(process.execPath, [TSC, '-p', FOLDER]).catch(({ stdout }) => ({ stdout }))
    expect(told.stdout).toBe('')
  })

  it.each(programs)('$file runs', async ({ file }) => {
    const options = { cwd: FOLDER, env: { ...process.env, TSX_TSCONFIG_PATH: join(FOLDER, 'tsconfig.json') } }
    const tsx = pathToFileURL(join(ROOT, 'node_modules', 'tsx', 'dist', 'loader.mjs')).href
    await run(process.execPath, ['--import', tsx, join(FOLDER, file)], options)
  })
})
