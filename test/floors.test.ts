import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it } from 'vitest'

// The rules for imports, in biome.json and scripts/floors, on files that break them.

const root = fileURLToPath(new URL('..', import.meta.url))
const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome')
const folder = mkdtempSync(join(tmpdir(), 'evenkeel-floors-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Of `biome lint --reporter=json`. */
interface Report {
  readonly diagnostics: readonly { readonly message: string; readonly location: { readonly path: string } }[]
}

/** [file, what it imports, part of the message] */
const BROKEN: readonly (readonly [file: string, line: string, message: string])[] = [
  ['src/a.ts', "export * from '../test/support/cases.js'", 'test, fuzz, bench or study'],
  ['src/layers/a.ts', "export * from '../../bench/speed/cases.js'", 'test, fuzz, bench or study'],
  ['src/engine/a.ts', "export * from '../../fuzz/scenario.js'", 'test, fuzz, bench or study'],
  [
    'src/cli/a.ts',
    "export type { Cell } from '../../study/experiments/cells.js'",
    'test, fuzz, bench or study',
  ],
  ['src/b.ts', "export { join } from 'node:path'", 'modules of Node'],
  ['src/tfjs/b.ts', "export * from 'commander'", 'commander'],
  ['src/c.ts', "export * from './cli/main.js'", 'the library'],
  ['src/layers/c.ts', "export const all = import('../tfjs/index.js')", 'the library'],
  ['src/backend/c.ts', "export * from '@tensorflow/tfjs'", 'the library'],
  ['src/d.ts', "export * from '#addon'", 'waist'],
  ['src/layers/d.ts', "export * from '../backend/portable/index.js'", 'waist'],
  ['src/tfjs/d.ts', "export * from '../backend/native/addon.js'", 'waist'],
  ['src/layers/e.ts', "export * from '../recommend.js'", 'made of them'],
  ['src/tensor.ts', "export type { Layer } from './layers/layer.js'", 'The engine'],
  ['src/engine/e.ts', "export * from '../functional.js'", 'The engine'],
  ['src/backend/f.ts', "export type { Layer } from '../layers/layer.js'", 'A backend'],
  ['src/backend/portable/f.ts', "export { planRows } from '../../plan.js'", 'A backend'],
  ['src/backend/portable/g.ts', "export * from '../native.js'", 'The portable backend'],
  ['src/backend/portable/h.ts', "export * from '#addon'", 'The portable backend'],
  ['src/backend/native/g.ts', "export * from '../portable/rows.js'", 'The native backend'],
  ['src/backend/native/h.ts', "export * from '../select.js'", 'The native backend'],
  // Circles, also of types alone.
  ['study/one.ts', "export type { Two } from './two.js'", 'part of a cycle'],
  ['study/two.ts', "import type { One } from './one.js'\nexport type Two = One", 'part of a cycle'],
]

/** What is as it should be. */
const SOUND: readonly (readonly [file: string, line: string])[] = [
  ['src/cli/sound.ts', "export { join } from 'node:path'\nexport * from '../selftest/index.js'"],
  ['src/backend/portable/sound.ts', "import type { Plan } from '../../plan.js'\nexport type Its = Plan"],
  ['src/backend/select.ts', "export * from '#addon'\nexport * from './portable/index.js'"],
  ['src/layers/sound.ts', "export * from '../backend/select.js'\nexport * from '../functional.js'"],
  ['src/tfjs/sound.ts', "export * from '../functional.js'\nexport * from '@tensorflow/tfjs'"],
  ['test/sound.ts', "export * from '../src/backend/native/index.js'\nexport { join } from 'node:path'"],
]

it('every import that breaks a rule is found, and no other', () => {
  cpSync(join(root, 'biome.json'), join(folder, 'biome.json'))
  cpSync(join(root, 'scripts/floors'), join(folder, 'scripts/floors'), { recursive: true })
  for (const [file, line] of [...BROKEN, ...SOUND]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), `${line}\n`)
  }
  const { stdout } = spawnSync(
    process.execPath,
    [biome, 'lint', '--reporter=json', '--max-diagnostics=none'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  )
  const { diagnostics } = JSON.parse(stdout) as Report
  const found = diagnostics.map(({ location, message }) => `${location.path}: ${message}`)
  for (const [file, line, message] of BROKEN) {
    const own = found.filter((each) => each.startsWith(`${file}: `))
    expect(own.join(), `${file}: ${line}`).toContain(message)
  }
  expect(found.filter((each) => SOUND.some(([file]) => each.startsWith(`${file}: `)))).toEqual([])
})
