import { execFile, execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build, transformSync } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { selftestCases } from '../src/selftest/cases.js'
import { type Block, blocks, isOfCommands, makeInputs, pages, textOf } from './support/snippets.js'

// Each TypeScript block of README and docs is a program: it compiles under strict, and runs, as it is printed. Blocks of
// `npx evenkeel` are run, too. Each runs in a folder and a process of its own.

const ROOT = join(import.meta.dirname, '..')
const FOLDER = join(ROOT, 'build', 'snippets')
const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
const TSX = pathToFileURL(join(ROOT, 'node_modules', 'tsx', 'dist', 'loader.mjs')).href
const run = promisify(execFile)

/** The package's names, and their sources, so that a block runs what is here now. */
const ENTRIES = ['', '/data', '/files', '/jobs', '/tfjs', '/selftest'].map(
  (name) => [`evenkeel${name}`, `src${name}/index.ts`] as const,
)
const CONFIG = {
  extends: '../../tsconfig.json',
  compilerOptions: {
    rootDir: '../..',
    noEmit: true,
    // A block shows a result that it does not use.
    noUnusedLocals: false,
    paths: Object.fromEntries(ENTRIES.map(([name, source]) => [name, [`../../${source}`]])),
  },
  include: ['./*.ts'],
}

/** The languages of blocks. Those that are not run here are parsed, where there is a parser for them. */
const LANGUAGES = {
  run: ['ts', 'sh'],
  parsed: ['js', 'json', 'python', 'html'],
  shown: ['', 'console', 'text', 'docker'],
}

const named = (language: string) => blocks.filter((block) => block.language === language)
const programs = named('ts').map((block) => ({ ...block, name: nameOf(block) }))
const commands = named('sh').filter(isOfCommands)

/** A name for files: docs-guides-performance-12. */
function nameOf({ page, line }: Block): string {
  return `${page.replace(/\.md$/, '').replaceAll('/', '-')}-${line}`
}

/** An empty folder, but for the inputs. */
function newPlace(block: Block): string {
  const place = join(FOLDER, 'places', nameOf(block))
  cpSync(join(FOLDER, 'inputs'), place, { recursive: true })
  return place
}

/** All at once, so that a program costs no more than a start of Node. They share the code of the package, and no state. */
async function compilePrograms(): Promise<void> {
  await build({
    entryPoints: programs.map(({ name }) => join(FOLDER, `${name}.ts`)),
    outdir: FOLDER,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    external: ['#addon'],
    alias: Object.fromEntries(ENTRIES.map(([name, source]) => [name, join(ROOT, source)])),
    logLevel: 'silent',
  })
}

beforeAll(async () => {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'tsconfig.json'), JSON.stringify(CONFIG))
  for (const { name, code } of programs) writeFileSync(join(FOLDER, `${name}.ts`), `${code}\nexport {}\n`)
  await Promise.all([makeInputs(join(FOLDER, 'inputs')), compilePrograms()])
})
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

describe('the pages', () => {
  it('tell how many cases the self-test has', () => {
    const told = pages.flatMap((page) => [...textOf(page).matchAll(/a fixed set of (\d+) cases/g)])
    expect([...new Set(told.map(([, count]) => Number(count)))]).toEqual([selftestCases.length])
  })
})

describe('the blocks', () => {
  it('are found', () => {
    for (const wanted of [/^README/, /^docs\/guides\//, /^docs\/batch-jobs/])
      expect(programs.filter(({ page }) => wanted.test(page))).not.toEqual([])
    expect(commands).not.toEqual([])
  })

  it('say a language that is known here', () => {
    const known = Object.values(LANGUAGES).flat()
    const others = blocks.filter(({ language }) => !known.includes(language))
    expect(others.map(({ page, line, language }) => `${page}:${line}: ${language}`)).toEqual([])
  })

  it('of TypeScript all compile', async () => {
    const told = await run(process.execPath, [TSC, '-p', FOLDER]).catch(({ stdout }) => ({ stdout }))
    expect(told.stdout).toBe('')
  })

  it.each(programs)('run: $page:$line: $first', async (block) => {
    await run(process.execPath, [join(FOLDER, `${block.name}.mjs`)], { cwd: newPlace(block) })
  })

  it.runIf(process.platform !== 'win32').each(commands)('run: $page:$line: $first', async (block) => {
    // The packages are here. `npx evenkeel` runs the command line of the sources.
    const here = '#!/bin/sh\nshift\nexec "$NODE" --import "$TSX" "$MAIN" "$@"\n'
    const bin = join(FOLDER, 'bin')
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, 'npx'), here, { mode: 0o755 })
    writeFileSync(join(bin, 'npm'), '#!/bin/sh\n', { mode: 0o755 })
    const main = join(ROOT, 'src', 'cli', 'main.ts')
    const variables = { PATH: `${bin}:${process.env.PATH}`, NODE: process.execPath, TSX, MAIN: main }
    await run('sh', ['-ec', block.code], { cwd: newPlace(block), env: { ...process.env, ...variables } })
  })

  it.each(named('json'))('parse: $page:$line: $first', ({ code }) => {
    JSON.parse(code)
  })

  // node-gyp needs Python, so that it is there wherever this is built.
  it.each(named('python'))('parse: $page:$line: $first', ({ code }) => {
    const python = process.platform === 'win32' ? 'python' : 'python3'
    execFileSync(python, ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: code })
  })

  it.each(named('js'))('parse: $page:$line: $first', ({ code }) => {
    expect(transformSync(code, { loader: 'js' }).warnings).toEqual([])
  })

  it.each(named('html'))('has the import map of package.json: $page:$line', ({ code }) => {
    const { exports, imports } = JSON.parse(textOf('package.json'))
    const map = JSON.parse(/<script type="importmap">(.*)<\/script>/s.exec(code)?.[1] ?? 'none') as {
      imports: Record<string, string>
    }
    const real = Object.keys(map.imports).map((name) => [
      name,
      name === '#addon'
        ? imports[name].browser.default
        : exports[name.replace(/^evenkeel/, '.')].import.default,
    ])
    const wanted = real.map(([name, path]) => [name, path.replace('.', './node_modules/evenkeel')])
    expect(map.imports).toEqual(Object.fromEntries(wanted))
  })
})
