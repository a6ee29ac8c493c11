import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { newFolder, writeChunks } from '../jobs/files.js'

// The progress bar, on a terminal that `script` makes.

const folder = newFolder()
writeChunks(join(folder, 'a.npy'), 3, 1)
const hasScript = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0

function onTerminal(args: string): string {
  const command = `${process.execPath} --import tsx src/cli/main.ts ${args}`
  return spawnSync('script', ['-qec', command, '/dev/null'], { encoding: 'utf8' }).stdout
}

const input = join(folder, 'a.npy')
const out = join(folder, 'a.json')

it.skipIf(!hasScript).each<[string, string, RegExp]>([
  [
    'a bar, which is gone when the result comes',
    '',
    /100% of 3 MB, \d+ MB\/s, 0s left.*\r?.*a\.json: 131072 features/s,
  ],
  ['none with --quiet', '--quiet', /^$/],
  ['none with --json', '--json', /^\{"path":".*\}\r\n$/],
])('%s', (_, options, said) => {
  expect(onTerminal(`fit ${input} --out ${out} ${options}`)).toMatch(said)
})

it.skipIf(!hasScript)('none if nothing is read', () => {
  expect(onTerminal(`fit ${join(folder, 'gone.npy')} --out ${out}`)).toMatch(
    /^evenkeel: .*gone\.npy: there is no such/,
  )
})
