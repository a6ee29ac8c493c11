import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'

interface Row {
  readonly norm: string
  readonly error: string
  readonly naive: string
  readonly digest: string
  readonly native: string
  readonly same: string
}

/** The table of the live page, and the outline of its first histogram. */
async function shown(page: Page): Promise<{ rows: Row[]; outline: string | null }> {
  const rows = await page.locator('tr[data-norm]').evaluateAll((found) =>
    found.map((row) => {
      const cells = [...row.querySelectorAll<HTMLElement>('[data-is]')]
      return Object.fromEntries(
        [['norm', row.getAttribute('data-norm')]].concat(
          cells.map(({ dataset, textContent }) => [dataset.is ?? '', textContent]),
        ),
      )
    }),
  )
  return { rows: rows as Row[], outline: await page.locator('.ek-area').first().getAttribute('points') }
}

/** The largest error that evenkeel may show: a few roundings of float32 at an output of 4. */
const LARGEST_ERROR = 2e-6

function check(rows: readonly Row[], native: boolean): void {
  assert.deepEqual(
    rows.map(({ norm }) => norm),
    ['BatchNorm', 'LayerNorm', 'GroupNorm'],
  )
  for (const row of rows) {
    assert.match(row.digest, /^[0-9a-f]{16}$/)
    assert.ok(Number(row.error) < LARGEST_ERROR, `${row.norm}: an error of ${row.error}`)
    assert.equal(row.same, native ? 'yes' : 'not compared')
    if (native) assert.equal(row.digest, row.native)
  }
}

/** Moves the sliders by keys, as a reader does without a mouse. `native`: whether this build has native digests. */
export async function checkLive(page: Page, native: boolean): Promise<void> {
  let before = await shown(page)
  check(before.rows, native)
  for (const [label, key] of [
    ['Batch size', 'ArrowRight'],
    ['Offset (mean / sigma)', 'End'],
  ]) {
    await page.getByLabel(label).focus()
    await page.keyboard.press(key)
    const after = await shown(page)
    check(after.rows, native)
    assert.notEqual(after.outline, before.outline, `${label}: the histogram of the input did not change`)
    after.rows.forEach(({ norm, digest }, i) => {
      assert.notEqual(digest, before.rows[i].digest, `${label}: the digest of ${norm} did not change`)
    })
    before = after
  }
  await page.getByLabel('Groups of GroupNorm').focus()
  await page.keyboard.press('Home')
  const { rows } = await shown(page)
  check(rows, native)
  const [batch, layer, group] = rows
  assert.equal(batch.digest, before.rows[0].digest, 'groups are of GroupNorm alone')
  assert.notEqual(group.digest, before.rows[2].digest)
  assert.equal(group.digest, layer.digest, 'GroupNorm with one group is LayerNorm')
}
