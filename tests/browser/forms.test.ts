/** A filled form in a real browser: the marked place shows the value, also one that the file has no picture of. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { de } from '../../renderer/messages/de.ts'
import { writeEnglishForm, writeGermanForm } from '../../scripts/fixtures/form.ts'
import { chromiumPath } from '../chromium.ts'
import { inkUnderMark, launch, visit } from './browser.ts'
import { drop } from './drop.ts'
import { type Served, serve } from './serve.ts'

const why = chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'

describe.skipIf(!chromiumPath)(`filled forms in the browser${why}`, () => {
  let data: string
  let browser: Browser
  let server: Served
  let page: Page & { complaints: string[] }

  beforeAll(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'cloister-forms-'))
    server = await serve(data)
    browser = await launch()
    page = await visit(browser, { locale: 'de-DE' })
    await page.goto(server.url)
    await page.getByText(de.ask.empty).waitFor()
    await page.getByRole('link', { name: de.nav.library }).first().click()
    for (const [name, bytes] of [
      ['wohngeld.pdf', writeGermanForm()],
      ['record.pdf', writeEnglishForm()],
    ] as const) {
      await drop(page, name, bytes)
      await page.locator('[data-document][data-state=ready]', { hasText: name }).waitFor()
    }
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await rm(data, { recursive: true, force: true })
  })

  it.each([
    ['Wann ist Käthe Grünwald geboren?', 'wohngeld.pdf', 'Geburtsdatum: 12.03.1961'],
    ['Wie hoch ist die monatliche Miete in Euro?', 'wohngeld.pdf', '845,50 Euro'],
    ['When was Eleanor Whitcombe born?', 'record.pdf', '4 July 1958'],
  ])('%s', async (question, file, words) => {
    await page.getByRole('link', { name: de.nav.ask }).first().click()
    await page.locator('[data-main-field]').fill(question)
    await page.keyboard.press('Enter')
    const quote = page.locator('li', { has: page.locator('blockquote', { hasText: words }) }).first()
    await quote.locator(`[data-citation][aria-label*="${file}"]`).click()
    await page.locator('[data-rendered="1"]').waitFor()
    await page.locator('[data-mark]').first().waitFor()
    const { inside, span } = await inkUnderMark(page)
    expect(inside).toBeGreaterThan(50)
    // From the label to the end of the value: one that is not drawn would leave its half of the mark empty.
    expect(span).toBeGreaterThan(0.95)
    if (process.env.PICTURES) await page.screenshot({ path: path.join(process.env.PICTURES, `${words}.png`) })
    expect(page.complaints).toEqual([])
    await page.keyboard.press('Escape')
    await page.locator('[data-rendered]').waitFor({ state: 'detached' })
  })
})
