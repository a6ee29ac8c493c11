import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { must, need } from '../processes.mjs'
import { projectWith } from './project.mjs'

const ESBUILD = 'esbuild@0.28.2'

const PROGRAM = `
import { info } from 'evenkeel'
import { selftest } from 'evenkeel/selftest'

const shown = document.createElement('pre')
selftest()
  .then(({ ok, digest, expected }) => JSON.stringify({ backend: info().backend, ok, digest, expected }))
  .catch((error) => String(error))
  .then((text) => {
    shown.textContent = text
    document.body.append(shown)
  })
`

/** Longer than the self-test takes. Chromium's virtual clock runs ahead while the page is idle. */
const BUDGET = 60_000

export const BROWSER = {
  id: 'browser',
  title: 'Chromium',
  what: '`esbuild --bundle --platform=browser`, the page in headless Chromium',
  check(context) {
    need('chromium', 'chromium')
    const project = projectWith(context, 'browser', [ESBUILD], { 'program.mjs': PROGRAM })
    const bundle = ['program.mjs', '--bundle', '--platform=browser', '--format=iife', '--outfile=program.js']
    must(['node_modules/.bin/esbuild', ...bundle], { cwd: project })
    const bytes = readFileSync(join(project, 'program.js')).length
    const page = join(project, 'page.html')
    writeFileSync(
      page,
      '<!doctype html><meta charset="utf-8"><body><script src="program.js"></script></body>',
    )
    const options = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      `--virtual-time-budget=${BUDGET}`,
      '--dump-dom',
    ]
    const dom = must(['chromium', ...options, pathToFileURL(page).href])
    const text = /<pre>(.*)<\/pre>/s.exec(dom)?.[1].replaceAll('&quot;', '"')
    if (text === undefined) throw new Error('the page shows no result')
    const { backend, ok, digest, expected } = JSON.parse(text)
    if (backend !== 'portable' || !ok || digest !== expected) throw new Error(text)
    return `${backend}, ${digest}; bundle ${bytes} bytes with the self-test`
  },
}
