import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

// The addon is built by the tools of package.json, each in one stated version.

const TOOLS = ['cmake-js', 'node-addon-api', 'node-gyp', 'prebuildify']
const { dependencies, devDependencies, scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
const versions = { ...devDependencies, ...dependencies }

it.each(TOOLS)('%s has a version, and not a range', (tool) => {
  expect(versions[tool]).toMatch(/^\d+\.\d+\.\d+$/)
})

/** What runs another version: npx or the like, a version in the text, or the first program of that name in the PATH. */
const OTHERS = [
  new RegExp(`\\b(npx|npm exec|pnpm dlx|yarn dlx)\\b.*\\b(${TOOLS.join('|')})\\b`),
  new RegExp(`\\b(${TOOLS.join('|')})@`),
  new RegExp(`\\b(spawn|spawnSync|execFile|execFileSync|run|must)\\(\\[?'(${TOOLS.join('|')})'`),
]
const otherIn = (text: string) => text.split('\n').filter((line) => OTHERS.some((other) => other.test(line)))

describe('no other version runs in', () => {
  const files = ['.github/workflows', '.ci', 'scripts', 'bench', 'docs/releasing.md'].flatMap((path) =>
    path.endsWith('.md')
      ? [path]
      : readdirSync(path, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && /(\.ya?ml|\.[mc]?[jt]s|run)$/.test(entry.name))
          .map((entry) => join(entry.parentPath ?? entry.path, entry.name)),
  )

  it.each(files.filter((file) => !file.includes('node_modules')))('%s', (file) => {
    expect(otherIn(readFileSync(file, 'utf8'))).toEqual([])
  })

  it("package.json's scripts", () => {
    expect(otherIn(Object.values(scripts).join('\n'))).toEqual([])
  })

  it.each(['npx --yes prebuildify@6.0.1 --napi', "run('node-gyp', ['rebuild'])", 'npm i node-gyp@latest'])(
    'a line such as: %s',
    (line) => expect(otherIn(line)).toEqual([line]),
  )
})
