import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { TARGETS } from '../../scripts/prebuild/targets.mjs'
import { BINARY, PREBUILT } from '../support/package.js'

// Each published binary has the name by which loaders find it: ours, and node-gyp-build, which looks for the names of
// prebuildify.

const folder = mkdtempSync(join(tmpdir(), 'evenkeel-'))
afterAll(() => rmSync(folder, { recursive: true }))
const nodeGypBuild = resolve('node_modules/node-gyp-build')

/** A new folder with these files; each has the contents of `source`, or none. */
function folderWith(files: readonly string[], source?: string): string {
  const place = mkdtempSync(join(folder, 'package-'))
  for (const file of files) {
    mkdirSync(dirname(join(place, file)), { recursive: true })
    if (source === undefined) writeFileSync(join(place, file), '')
    else copyFileSync(source, join(place, file))
  }
  return place
}

/** What a program prints, in a Node of its own: node-gyp-build reads the environment when it is loaded. */
function printed(program: string, env: NodeJS.ProcessEnv = {}): string {
  return execFileSync(process.execPath, ['-p', program], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  }).trim()
}

describe.each(Object.entries(TARGETS))('%s', (name, { file }) => {
  const [platform, arch, libc] = name.split('-')

  it('is what node-gyp-build finds there', () => {
    const place = folderWith(Object.values(TARGETS).flatMap((each) => [each.file, `${each.file}.sha256`]))
    const found = printed(`require(${JSON.stringify(nodeGypBuild)}).resolve(${JSON.stringify(place)})`, {
      npm_config_platform: platform,
      npm_config_arch: arch,
      ...(libc === undefined ? {} : { LIBC: libc }),
    })
    expect(found).toBe(join(place, file))
  })

  it('is loaded by a literal path, which bundlers see', () => {
    expect(readFileSync('native/load.cjs', 'utf8')).toContain(`
      case '${file}':
        return [require('../${file}'), null]
`)
  })
})

it.skipIf(PREBUILT === null)('node-gyp-build loads the addon of this machine', () => {
  const place = folderWith([PREBUILT!], BINARY)
  expect(printed(`typeof require(${JSON.stringify(nodeGypBuild)})(${JSON.stringify(place)}).isas`)).toBe(
    'function',
  )
})
