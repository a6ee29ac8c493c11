import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { loadPackage } from '../../src/files/optional-package.js'
import { FIXTURES, testFolder } from './support.js'

// What a program gets where apache-arrow, lz4js and DuckDB are not installed.

const folder = testFolder()
const { peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))

describe('a package that is not installed', () => {
  const build = (name: string, external: readonly string[]) =>
    buildSync({
      entryPoints: ['src/files/index.ts'],
      outfile: join(folder, name),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      external: [...external],
      logLevel: 'silent',
    })
  const packages = Object.keys(peerDependencies)
  build('none.cjs', packages)
  // A file that is compressed needs apache-arrow before it needs a codec.
  build(
    'with-arrow.cjs',
    packages.filter((name) => name !== 'apache-arrow'),
  )
  const script = `
    const { openReader, openWriter } = await import(process.argv[2])
    const [, , , action, path] = process.argv
    const options = { type: 'float32', rowShape: [1], rows: 1, names: null }
    try {
      await (action === 'read' ? openReader(path) : openWriter(path, options))
      console.log('no error')
    } catch ({ code, message }) {
      console.log(code, message)
    }
  `
  const path = join(folder, 'script.mjs')
  writeFileSync(path, script)

  it.each([
    ['read', 'types.arrow', 'apache-arrow'],
    ['read', 'compressed.feather', 'lz4js'],
    ['read', 'types.parquet', '@duckdb/node-api'],
    ['read', 'duckdb.csv', '@duckdb/node-api'],
    ['write', 'new.arrow', 'apache-arrow'],
    ['write', 'new.parquet', '@duckdb/node-api'],
  ])('is named, to %s %s, with the command that installs it', (action, name, needed) => {
    const file = action === 'read' ? join(FIXTURES, name) : join(folder, name)
    const bundle = join(folder, needed === 'lz4js' ? 'with-arrow.cjs' : 'none.cjs')
    const args = [path, bundle, action, file]
    const said = execFileSync(process.execPath, args, { encoding: 'utf8' })
    expect(said).toMatch(/^EVENKEEL_BACKEND /)
    expect(said).toContain(
      `${file}: the format needs the package ${needed}, which cannot be loaded (it is not installed)`,
    )
    const version = /; run npm install (?:.+)@(.+)\.\n$/.exec(said)?.[1] ?? 'none'
    expect(peerDependencies[needed]).toMatch(/^[~^]/)
    expect(peerDependencies[needed].slice(1).startsWith(version)).toBe(true)
  })
})

it('says why a package cannot be loaded', async () => {
  const loading = loadPackage('x.parquet', 'some-package', '1', async () => {
    throw new Error('unsupported platform\nand more')
  })
  await expect(loading).rejects.toMatchObject({
    code: 'EVENKEEL_BACKEND',
    message:
      'x.parquet: the format needs the package some-package, which cannot be loaded (unsupported platform); run npm install some-package@1.',
  })
})
