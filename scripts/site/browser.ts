import assert from 'node:assert/strict'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { need } from '../runtimes/processes.mjs'

/** Debian's Chromium. CHROMIUM names another. */
const PROGRAM = process.env.CHROMIUM ?? 'chromium'

export async function launch(): Promise<Browser> {
  need(PROGRAM, 'chromium')
  const executablePath = PROGRAM.includes('/') ? PROGRAM : `/usr/bin/${PROGRAM}`
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** Opens a page, and does something there. Fails on any error in the console, and on a request to another server. */
export async function visit<Result>(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
  act: (page: Page) => Promise<Result>,
): Promise<Result> {
  const context = await browser.newContext(options)
  try {
    const page = await context.newPage()
    const wrong: string[] = []
    const { origin } = new URL(url)
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) wrong.push(message.text())
    })
    page.on('pageerror', (error) => wrong.push(String(error)))
    page.on('request', (request) => {
      if (!/^(?:data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin)
        wrong.push(`request to ${request.url()}`)
    })
    const answer = await page.goto(url, { waitUntil: 'networkidle' })
    assert.equal(answer?.status(), 200, url)
    const result = await act(page)
    assert.deepEqual(wrong, [], url)
    return result
  } finally {
    await context.close()
  }
}
