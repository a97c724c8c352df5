/** Office files, mails and protected documents in a real browser: added, asked, opened at the cited place, unlocked. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { de } from '../../renderer/messages/de.ts'
import { exampleDocx } from '../../scripts/fixtures/docx.ts'
import { writeMail } from '../../scripts/fixtures/eml.ts'
import { examplePptx } from '../../scripts/fixtures/pptx.ts'
import { writeProtectedPdf } from '../../scripts/fixtures/protected-pdf.ts'
import { exampleXlsx } from '../../scripts/fixtures/xlsx.ts'
import { chromiumPath } from '../chromium.ts'
import { faults, launch, visit } from './browser.ts'
import { drop } from './drop.ts'
import { type Served, serve } from './serve.ts'

const why = chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'
const anlage = 'Der Schornstein wird im Oktober gereinigt, die Leiter stellt der Hausmeister bereit.'

describe.skipIf(!chromiumPath)(`formats in the browser${why}`, () => {
  let data: string
  let browser: Browser
  let server: Served
  let page: Page & { complaints: string[] }

  beforeAll(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'cloister-formats-'))
    server = await serve(data)
    browser = await launch()
    page = await visit(browser, { locale: 'de-DE' })
    await page.goto(server.url)
    await page.getByText(de.ask.empty).waitFor()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await rm(data, { recursive: true, force: true })
  })

  const row = (name: string) => page.locator('[data-document]', { hasText: name })
  const reading = () => page.locator('[aria-label^="Dokument:"]')

  it('takes files of all kinds', async () => {
    await page.getByRole('link', { name: de.nav.library }).first().click()
    const bytes = Buffer.from(anlage)
    const parts = [{ name: 'anlage.txt', type: 'text/plain', bytes }]
    const files: [string, Uint8Array][] = [
      ['vertrag.docx', exampleDocx()],
      ['haus.xlsx', exampleXlsx()],
      ['sitzung.pptx', examplePptx()],
      ['nachricht.eml', writeMail({ subject: 'Termin', text: 'Die Unterlagen liegen bei.', parts })],
      ['geheim.pdf', writeProtectedPdf(['Der Tresor steht hinter dem Spiegel im Flur.'], 'Zwiebel')],
    ]
    for (const [name, content] of files) await drop(page, name, content)
    for (const name of ['vertrag.docx', 'haus.xlsx', 'sitzung.pptx', 'anlage.txt'])
      await row(name).and(page.locator('[data-state=ready]')).first().waitFor()
    await row('geheim.pdf').and(page.locator('[data-state=failed]')).waitFor()
    expect(await faults(page)).toEqual([])
  })

  it.each([
    ['Wie hoch ist die monatliche Miete zuzüglich Umsatzsteuer?', 'vertrag.docx', /1\.845,00 Euro/, 'p'],
    [
      'Was wurde bei der Heizung am Kessel gemacht?',
      'haus.xlsx',
      /Der Kessel wurde gewartet/,
      '[data-cell="C2"].cited-cell',
    ],
    ['Was bleibt bei der Heizung und bekommt eine neue Pumpe?', 'sitzung.pptx', /neue Pumpe/, '[aria-label="Folie 2"]'],
    ['Wann wird der Schornstein gereinigt?', 'anlage.txt', /im Oktober gereinigt/, 'p'],
  ])('%s', async (question, file, words, place) => {
    await page.getByRole('link', { name: de.nav.ask }).first().click()
    await page.locator('[data-main-field]').fill(question)
    await page.keyboard.press('Enter')
    await page.locator(`[data-citation][aria-label*="${file}"]`).first().click()
    const mark = reading().locator(place).locator('mark', { hasText: words }).first()
    await mark.waitFor()
    expect(
      await mark.evaluate(element => {
        const { top, bottom } = element.getBoundingClientRect()
        return top >= 0 && bottom <= innerHeight
      }),
    ).toBe(true)
    expect(await faults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await reading().waitFor({ state: 'detached' })
  })

  it('reads a protected file with its password, and shows its pages', async () => {
    await page.getByRole('link', { name: de.nav.library }).first().click()
    const field = row('geheim.pdf').getByLabel(de.library.password)
    await field.fill('falsch')
    await page.keyboard.press('Enter')
    await row('geheim.pdf').getByText('Das Kennwort passt nicht').waitFor()
    // The keyboard is in the field again.
    await page.locator('[data-document]', { hasText: 'geheim.pdf' }).locator('input:focus').waitFor()
    await page.keyboard.type('Zwiebel')
    await page.keyboard.press('Enter')
    await row('geheim.pdf').and(page.locator('[data-state=ready]')).waitFor()
    await row('geheim.pdf').getByRole('button', { name: 'geheim.pdf', exact: true }).click()
    await reading().getByText(de.reading.passwordLead).waitFor()
    await reading().getByLabel(de.reading.password).fill('falsch')
    await page.keyboard.press('Enter')
    await reading().getByText(de.reading.passwordWrong).waitFor()
    expect(await faults(page)).toEqual([])
    await reading().getByLabel(de.reading.password).fill('Zwiebel')
    await page.keyboard.press('Enter')
    await page.locator('[data-rendered="1"]').waitFor()
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]))
    expect(kept).not.toContain('Zwiebel')
    expect(page.complaints).toEqual([])
  })
})
