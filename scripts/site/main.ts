// Opens the built site in headless Chromium: the live page with its sliders, and then the pages, wide and light, narrow and
// dark, for accessibility, and for what is wider than the window. Of the reference, whose pages are made by a program, it
// opens one of each kind. With a folder as argument it also writes pictures there.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { launch, visit } from './browser.js'
import { checkLive } from './live.js'
import { serve } from './server.js'

const SITE = join(import.meta.dirname, '..', '..', 'docs', '.vitepress')
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
const pages = readdirSync(join(SITE, 'dist'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.html') && path !== '404.html')
  .sort()
  .filter(
    (path, i, all) =>
      !path.startsWith('reference') || i === all.findIndex((other) => kindOf(other) === kindOf(path)),
  )
const { origin, close } = await serve(join(SITE, 'dist'))
try {
  const { digests } = JSON.parse(readFileSync(join(SITE, 'live', 'native.json'), 'utf8'))
  const native = Object.keys(digests).length > 0
  await visit(browser, `${origin}/live.html`, { viewport: WIDE }, (page) => checkLive(page, native))
  console.log(`live page: it follows its sliders${native ? ', with the bits of the native backend' : ''}`)

  const faults: string[] = []
  for (const path of pages) {
    for (const [look, options] of Object.entries(LOOKS)) {
      await visit(browser, `${origin}/${path}`, options, async (page) => {
        if (pictures !== undefined) await page.screenshot({ path: pictureOf(path, look) })
        const axe = await new AxeBuilder({ page }).withTags(RULES).analyze()
        for (const { id, nodes } of axe.violations) faults.push(`${path}, ${look}: ${id}: ${nodes[0].html}`)
        const width = await page.evaluate(() => document.documentElement.scrollWidth)
        if (width > options.viewport.width) faults.push(`${path}, ${look}: it is ${width} pixels wide`)
      })
    }
  }
  if (faults.length > 0) throw new Error(`faults:\n  ${faults.join('\n  ')}`)
  console.log(`no violation on ${pages.length} pages, ${Object.keys(LOOKS).join(', ')}; none is too wide`)
} finally {
  close()
  await browser.close()
}

/** 'classes', 'functions', 'index.html' and so on. */
function kindOf(path: string): string | undefined {
  return path.startsWith('reference') ? path.split('/').at(path.endsWith('index.html') ? -1 : -2) : undefined
}

function pictureOf(path: string, look: string): string {
  const name = `${path.replace(/\.html$/, '').replaceAll('/', '-')}-${look.replaceAll(' ', '-')}.png`
  return join(pictures, name)
}
