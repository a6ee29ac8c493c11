import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { buildSync } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { selftestCases } from '../src/selftest/cases.js'
import { install, newFolder, pack } from './support/package.js'

// The tarball: what is in it, what tools say of it, and what becomes of it in a browser's bundle.

const MAX_TARBALL_BYTES = 8e6

const folder = newFolder()
let tarball: string
let root: string
let files: string[]
beforeAll(() => {
  tarball = pack(folder)
  root = install(tarball, folder)
  files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(root, name)).isFile(),
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

const manifest = () => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

describe('the tarball', () => {
  it('is small', () => {
    expect(statSync(tarball).size).toBeLessThan(MAX_TARBALL_BYTES)
  })

  it('has these files and folders at its top, and no binding.gyp, which would make npm compile', () => {
    expect(readdirSync(root).sort()).toEqual(
      expect.arrayContaining([
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'dist',
        'docs',
        'native',
        'package.json',
      ]),
    )
    const known =
      /^([A-Z]+\.md|LICENSE|package\.json|bench\/speed\/README\.md|docs\/|examples\/|dist\/|native\/|prebuilds\/)/
    expect(files.map((name) => name.replaceAll('\\', '/')).filter((name) => !known.test(name))).toEqual([])
    const code = files.filter((name) => !name.startsWith('docs'))
    expect(code.filter((name) => /study|\.test\.|\.tsx?$/.test(name) && !/\.d\.c?ts$/.test(name))).toEqual([])
  })

  it("has all that README's links and pictures lead to", () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const links = [...readme.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, link]) => link)
    expect(links).toContain('docs/speed.svg')
    expect(links.filter((link) => !files.includes(link))).toEqual([])
  })

  it("has the headings that README's links name", () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const anchors = [...readme.matchAll(/\]\(([^)#:]*)#([^)]+)\)/g)]
    expect(anchors.length).toBeGreaterThan(2)
    for (const [, file, anchor] of anchors) {
      const text = readFileSync(join(root, file || 'README.md'), 'utf8')
      const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
        title
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      )
      expect(headings).toContain(anchor)
    }
  })

  it('runs nothing when it is installed; needs what its commands use, and headers for a source build', () => {
    const { scripts, dependencies } = manifest()
    expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name))).toEqual([])
    // A library's import of each has one place. Jobs are compiled twice.
    const users = {
      'cli-progress': ['dist/esm/cli/job-progress.js'],
      commander: ['dist/esm/cli/main.js'],
      'node-addon-api': [],
      tinyglobby: ['dist/cjs/jobs/inputs.cjs', 'dist/esm/jobs/inputs.js'],
    }
    expect(Object.keys(dependencies)).toEqual(Object.keys(users))
    const code = files.filter((name) => /^dist.*\.[cm]?js$/.test(name))
    for (const [dependency, places] of Object.entries(users)) {
      const imports = new RegExp(`(from |import\\(|require\\()['"]${dependency}['"]`)
      const found = code.filter((name) => imports.test(readFileSync(join(root, name), 'utf8')))
      expect(found.map((name) => name.replaceAll('\\', '/')).sort()).toEqual(places)
    }
  })

  it('needs other packages only for what they are made for: all are optional, and only src/files loads readers', () => {
    const { peerDependencies, peerDependenciesMeta } = manifest()
    expect(Object.keys(peerDependencies)).toEqual([
      '@duckdb/node-api',
      '@tensorflow/tfjs',
      'apache-arrow',
      'lz4js',
    ])
    for (const name of Object.keys(peerDependencies))
      expect(peerDependenciesMeta[name]).toEqual({ optional: true })
    const code = files.filter((name) => /\.[cm]?js$/.test(name)).map((name) => name.replaceAll('\\', '/'))
    const users = code.filter((name) =>
      /(?:import|require)\('(?:apache-arrow|@duckdb\/node-api|lz4js)'\)/.test(
        readFileSync(join(root, name), 'utf8'),
      ),
    )
    expect(users.length).toBeGreaterThan(0)
    expect(users.filter((name) => !/^dist\/(?:esm|cjs)\/files\//.test(name))).toEqual([])
    // Types of optional packages would be errors for users who have not installed them.
    const types = files.filter((name) => /files.*index\.d\.c?ts$/.test(name))
    expect(types.length).toBe(2)
    for (const name of types)
      expect(readFileSync(join(root, name), 'utf8')).not.toMatch(/apache-arrow|duckdb|lz4js/)
  })

  it('has the thread that writes Parquet beside both builds', () => {
    const threads = files
      .map((name) => name.replaceAll('\\', '/'))
      .filter((name) => name.endsWith('-thread.cjs'))
    expect(threads.sort()).toEqual(['dist/cjs/files/duckdb-thread.cjs', 'dist/esm/files/duckdb-thread.cjs'])
  })

  it('has all sources of `evenkeel build`', () => {
    const { sources } = JSON.parse(readFileSync(join(root, 'native/build.json'), 'utf8'))
    const needed: unknown[] = Object.values(sources).flat()
    expect(needed.length).toBeGreaterThan(0)
    expect(files).toEqual(expect.arrayContaining(['native/addon.gypi', ...needed]))
  })

  it("has a command line that starts with Node's name", () => {
    const command = join(root, manifest().bin.evenkeel)
    expect(readFileSync(command, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    // A test run that insists on the native backend has no binary here, except on Linux with glibc.
    const env = { ...process.env, EVENKEEL_BACKEND: undefined }
    const printed = execFileSync(process.execPath, [command, 'info', '--json'], { encoding: 'utf8', env })
    expect(JSON.parse(printed)).toMatchObject({ version: manifest().version })
  })
})

describe('`npm pack` without the binaries', () => {
  const prepack = (env: NodeJS.ProcessEnv) => {
    const args = ['scripts/prepack.mjs']
    const tree = join(folder, 'tree')
    return spawnSync(process.execPath, args, { cwd: tree, encoding: 'utf8', env: { ...process.env, ...env } })
  }

  it('fails, and names what makes each', () => {
    const { status, stderr } = prepack({})
    expect(status).toBe(1)
    expect(stderr).toMatch(/^evenkeel: [67] of 7 binaries, or their checksums, are not there:\n/)
    expect(stderr).toContain(
      'prebuilds/win32-x64/evenkeel.node, made by `npm run prebuildify` on Windows, x64\n',
    )
    expect(stderr).toContain(
      'prebuilds/linux-arm64/evenkeel.musl.node, made by `npm run prebuildify` on Alpine, arm64\n',
    )
  })

  it('is its first step, and can be wanted', () => {
    expect(manifest().scripts.prepack).toBe('node scripts/prepack.mjs')
    const { status, stderr } = prepack({ EVENKEEL_PACK: 'incomplete' })
    expect(status).toBe(0)
    expect(stderr).toContain('not to be published')
  })
})

describe('tools say nothing against it', () => {
  it('publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: root, strict: true, pack: false })
    expect(messages.map((each) => formatMessage(each, pkg))).toEqual([])
  })

  it('are the types wrong', () => {
    const attw = join('node_modules', '@arethetypeswrong/cli/dist/index.js')
    const output = execFileSync(process.execPath, [attw, tarball, '--format', 'json'], { encoding: 'utf8' })
    const { analysis } = JSON.parse(output)
    expect(Object.keys(analysis.entrypoints)).toEqual([
      '.',
      './tfjs',
      './selftest',
      './data',
      './files',
      './jobs',
      './package.json',
    ])
    expect(analysis.problems).toEqual([])
  })
})

describe.each(['import', 'require'] as const)('in a bundle for browsers, by %s', (by) => {
  const bundle = (source: string, name: string) => {
    writeFileSync(join(folder, `${name}.js`), source)
    const outfile = join(folder, `${name}.bundle.js`)
    const { metafile } = buildSync({
      entryPoints: [join(folder, `${name}.js`)],
      outfile,
      bundle: true,
      platform: 'browser',
      format: 'iife',
      globalName: 'evenkeel',
      external: ['@tensorflow/tfjs'],
      metafile: true,
      logLevel: 'silent',
    })
    return { text: readFileSync(outfile, 'utf8'), inputs: Object.keys(metafile.inputs) }
  }
  const take = (...names: readonly string[]) =>
    by === 'import'
      ? names.map((name) => `export * from '${name}'`).join('\n')
      : `module.exports = { ${names.map((name) => `...require('${name}')`).join(', ')} }`

  it('there is no module of Node, no loader and no binary', () => {
    const { text, inputs } = bundle(take('evenkeel', 'evenkeel/tfjs', 'evenkeel/selftest'), `all-${by}`)
    expect(text).not.toMatch(/["']node:/)
    expect(inputs.filter((name) => /\.node$|load\.cjs|elf\.cjs|checksum\.cjs|commander/.test(name))).toEqual(
      [],
    )
    const ours = by === 'import' ? 'native/browser.js' : 'native/browser.cjs'
    expect(inputs.some((name) => name.endsWith(ours))).toBe(true)
  })

  it('the self-test passes where there is no process, no require and no Buffer', async () => {
    const { text } = bundle(take('evenkeel', 'evenkeel/selftest'), `selftest-${by}`)
    // A realm with the language's own objects, and the one that browsers have besides, of those that are used.
    const browser = runInNewContext(`${text}\nevenkeel`, { setTimeout })
    const { selftest, info } = browser
    expect(info()).toMatchObject({ backend: 'portable', loadErrors: ['browsers load no addons'], threads: 1 })
    expect(await selftest()).toMatchObject({ ok: true, cases: selftestCases.length })
  })
})
