// Opens the built site in headless Chromium: the live page, and a handful of pages for accessibility, light and dark.
// With a folder as argument it also writes pictures of the pages there.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { launch, visit } from './browser.js'
import { checkLive } from './live.js'
import { serve } from './server.js'

const SITE = join(import.meta.dirname, '..', '..', 'docs', '.vitepress')
const PAGES = {
  front: '/',
  start: '/start.html',
  concept: '/concepts/small-batches.html',
  live: '/live.html',
  reference: '/reference/evenkeel/classes/BatchNorm.html',
  numerics: '/numerics.html',
}
const WIDE = { width: 1280, height: 800 }
const LOOKS = {
  'wide and light': { viewport: WIDE, colorScheme: 'light' },
  'narrow and dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
} as const
/** axe's rules for WCAG 2.2, levels A and AA. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

const [pictures] = process.argv.slice(2)
if (!existsSync(join(SITE, 'dist', 'index.html'))) throw new Error('there is no site: run `npm run docs`')
const browser = await launch()
const { origin, close } = await serve(join(SITE, 'dist'))
try {
  const { digests } = JSON.parse(readFileSync(join(SITE, 'live', 'native.json'), 'utf8'))
  const native = Object.keys(digests).length > 0
  await visit(browser, origin + PAGES.live, { viewport: WIDE }, (page) => checkLive(page, native))
  console.log(`live page: it follows its sliders${native ? ', with the bits of the native backend' : ''}`)

  const violations: string[] = []
  for (const [name, path] of Object.entries(PAGES)) {
    for (const [look, options] of Object.entries(LOOKS)) {
      await visit(browser, origin + path, options, async (page) => {
        if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}-${look}.png`) })
        const axe = await new AxeBuilder({ page }).withTags(RULES).analyze()
        for (const { id, nodes } of axe.violations)
          violations.push(`${path}, ${look}: ${id}: ${nodes[0].html}`)
      })
    }
  }
  if (violations.length > 0) throw new Error(`accessibility:\n  ${violations.join('\n  ')}`)
  console.log(
    `accessibility: no violation on ${Object.keys(PAGES).length} pages, ${Object.keys(LOOKS).join(', ')}`,
  )
} finally {
  close()
  await browser.close()
}
