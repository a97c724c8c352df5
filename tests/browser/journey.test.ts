/**
 * The first visit to Cloister, from end to end, in a real browser, in both languages. What is not said in words is looked at in German alone;
 * so are most pages by axe, which sees them in English in `screen.test.ts`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { de } from '../../renderer/messages/de.ts'
import { en } from '../../renderer/messages/en.ts'
import { scriptedChat } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { chromiumPath } from '../chromium.ts'
import { faults, inkUnderMark, launch, visit } from './browser.ts'
import { drop } from './drop.ts'
import { clubManual, installationManual, longManual } from './manuals.ts'
import { type Served, serve } from './serve.ts'

const why = chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'
if (!chromiumPath && process.env.CI === 'true') throw new Error('CI has no Chromium for the browser test')

let browser: Browser
beforeAll(async () => {
  if (chromiumPath) browser = await launch()
})
afterAll(() => browser?.close())

describe.skipIf(!chromiumPath).each(['de', 'en'] as const)(`a first visit in %s${why}`, language => {
  const german = language === 'de'
  const words = german ? de : en
  const manual = clubManual()
  let data: string
  let server: Served
  let page: Page & { complaints: string[] }
  const seen: string[] = []

  beforeAll(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'cloister-browser-'))
    server = await serve(data, { started: true })
    page = await visit(browser, { locale: german ? 'de-AT' : 'en-GB' })
  })
  afterAll(async () => {
    await page?.context().close()
    await server?.stop()
    await rm(data, { recursive: true, force: true })
  })

  const hasNoFaults = async () => {
    if (german) expect(await faults(page)).toEqual([])
  }
  const see = (text: string) => page.getByText(text, { exact: false }).first().waitFor()
  const row = () => page.locator('[data-document]', { hasText: manual.file })
  const ask = async (question: string) => {
    await page.locator('[data-main-field]').fill(question)
    await page.keyboard.press('Enter')
  }

  it('says how to get in when it comes without the key', async () => {
    await page.goto(server.address)
    await see(words.signIn.title)
    await expect.poll(() => page.locator('html').getAttribute('lang')).toBe(language)
    expect(await faults(page)).toEqual([])
  })

  it('takes the key out of the address, and keeps it nowhere', async () => {
    await page.goto('about:blank')
    await page.goto(server.url)
    await see(words.ask.empty)
    expect(page.url()).toBe(`${server.address}/#/`)
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]),
    )
    expect(kept).not.toContain('the-key-of')
    expect(kept).toContain('""')
    await hasNoFaults()
  })

  it('takes a dropped manual, and says in words how far it is', async () => {
    await page.getByRole('link', { name: words.nav.library }).first().click()
    await page.exposeFunction('saw', (text: string) => seen.push(text))
    await page.evaluate(() => {
      const tell = () => {
        for (const row of document.querySelectorAll('[data-document]'))
          (window as unknown as { saw(text: string): void }).saw(row.textContent ?? '')
      }
      new MutationObserver(tell).observe(document.body, { subtree: true, childList: true, characterData: true })
    })
    await drop(page, manual.file, manual.bytes)
    await row().and(page.locator('[data-state=ready]')).waitFor()
    expect(seen.some(text => text.includes(words.progress.queued) || text.includes(` ${manual.pages} `))).toBe(true)
    await expect.poll(() => row().innerText()).toContain(`${manual.pages} ${german ? 'Seiten' : 'pages'}`)
    await hasNoFaults()
  })

  it('tells what was read of it', async () => {
    await row()
      .getByRole('button', { name: words.library.actions.replace('{{name}}', manual.file) })
      .click()
    await page.getByRole('menuitem', { name: words.library.receipt }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(words.receipt.complete).waitFor()
    await expect.poll(() => dialog.innerText()).toContain(String(manual.pages))
    await hasNoFaults()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
  })

  it('answers without a model in the words of the manual, and says why', async () => {
    await page.getByRole('link', { name: words.nav.ask }).click()
    await ask(manual.question)
    await page.locator('blockquote', { hasText: manual.sentence }).waitFor()
    await see(words.chat.quotesNoModel)
    await expect.poll(() => page.getByRole('heading', { level: 2, name: manual.question }).count()).toBe(1)
    await hasNoFaults()
  })

  it('opens the page of a citation, with the words marked on it', async () => {
    await page.locator('[data-citation="1"]').click()
    await page.locator(`[data-rendered="${manual.page}"]`).waitFor()
    const ink = await inkUnderMark(page, 2)
    expect(ink.inside).toBeGreaterThan(300)
    expect(ink.outside).toBe(0)
    expect(ink.span).toBeGreaterThan(0.95)
    await hasNoFaults()
  })

  if (german)
    it('marks the same words at any size, and turns pages by key', async () => {
      await page.getByRole('button', { name: words.reading.zoomIn }).click()
      await expect.poll(async () => (await inkUnderMark(page, 2)).inside).toBeGreaterThan(600)
      const ink = await inkUnderMark(page, 2)
      expect(ink.outside).toBe(0)
      expect(ink.span).toBeGreaterThan(0.95)
      await page.keyboard.press('ArrowRight')
      await page.locator(`[data-rendered="${manual.page + 1}"]`).waitFor()
      await expect.poll(() => page.locator('[data-mark]').count()).toBe(0)
      await page.keyboard.press('ArrowLeft')
      await page.locator('[data-mark]').first().waitFor()
    })

  it('has it all again after a reload', async () => {
    await page.reload()
    await page.locator('blockquote', { hasText: manual.sentence }).waitFor()
    await page.locator(`[data-rendered="${manual.page}"]`).waitFor()
    expect((await inkUnderMark(page, 2)).outside).toBe(0)
    await page.keyboard.press('Escape')
    await page.locator('[data-page]').waitFor({ state: 'detached' })
  })

  it('takes a model, streams what it writes, and marks what is not proven', async () => {
    const file = path.join(data, 'tiny.gguf')
    const wrong = german ? 'Er kostet 900 Euro.' : 'It costs 900 euros.'
    await writeGguf(file, scriptedChat(`${manual.sentence.slice(0, -1)} [1]. ${wrong} [1]`))
    await page.getByRole('link', { name: words.nav.models }).click()
    await page.locator('[data-picker=model]').setInputFiles(file)
    await page.getByText(words.models.inUse, { exact: true }).waitFor()
    await hasNoFaults()
    await page.getByRole('link', { name: words.nav.ask }).click()
    await ask(manual.question)
    await page.getByRole('button', { name: words.chat.copy }).waitFor()
    const answer = page.locator('[data-answer]')
    await expect.poll(() => answer.locator('.unproven').allInnerTexts()).toEqual([wrong])
    await answer.locator('[data-citation="1"]').first().click()
    await page.locator(`[data-rendered="${manual.page}"]`).waitFor()
    expect((await inkUnderMark(page, 2)).outside).toBe(0)
    await hasNoFaults()
    await page.keyboard.press('Escape')
  })

  it('says plainly when the manual does not hold the answer', async () => {
    await ask(manual.beyond)
    await see(words.chat.declinedHint)
    await hasNoFaults()
  })

  it('finds words, deletes, and takes it back', async () => {
    await page.keyboard.press('Tab')
    await page.getByRole('link', { name: words.nav.search }).click()
    await page.locator('[data-main-field]').fill(manual.question)
    await page.keyboard.press('Enter')
    await page.locator('main ol li').first().waitFor()
    await expect.poll(() => page.locator('main ol li').first().innerText()).toContain(manual.sentence)
    await hasNoFaults()
    await page.getByRole('link', { name: words.nav.library }).first().click()
    await row()
      .getByRole('button', { name: words.library.actions.replace('{{name}}', manual.file) })
      .click()
    await page.getByRole('menuitem', { name: words.library.delete }).click()
    await row().waitFor({ state: 'detached' })
    await page.getByRole('button', { name: words.app.undo }).click()
    await row().and(page.locator('[data-state=ready]')).waitFor()
  })

  it('speaks the other language when asked, and remembers', async () => {
    const other = german ? en : de
    await page.getByRole('link', { name: words.nav.settings }).click()
    await page.getByText(german ? words.settings.english : words.settings.german, { exact: true }).click()
    await see(other.settings.theme)
    await page.getByText(other.settings.dark, { exact: true }).click()
    await page.reload()
    await see(other.settings.theme)
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
    await hasNoFaults()
    await page.getByText(other.settings.browser, { exact: true }).click()
    await see(words.settings.theme)
  })

  // What is read and what a killed server leaves is the same in any language.
  if (!german) return

  const installation = installationManual()
  it.skipIf(!installation)('answers from the German installation manual too (skipped without EVAL_DIR)', async () => {
    if (!installation) return
    await page.getByRole('link', { name: words.nav.library }).first().click()
    await page.locator('[data-picker=files]').first().waitFor({ state: 'attached' })
    await drop(page, installation.file, installation.bytes)
    const read = page.locator('[data-document][data-state=ready]', { hasText: installation.file })
    // Parsers give way to whoever else works on this machine, such as the other tests.
    await read.waitFor({ timeout: 100_000 })
    await expect.poll(() => read.innerText()).toContain(`${installation.pages} Seiten`)
    await page.getByRole('link', { name: words.nav.search }).click()
    await page.locator('[data-main-field]').fill(installation.question)
    await page.keyboard.press('Enter')
    const found = page.locator('main ol li', { hasText: installation.file }).first()
    await found.waitFor()
    await expect.poll(() => found.innerText()).toContain(installation.sentence)
  })

  it('goes on reading after the server was killed in the middle of it', async () => {
    const large = longManual(5)
    await page.getByRole('link', { name: words.nav.library }).first().click()
    // What falls on a view that is just being left is lost with it.
    await page.locator('[data-picker=files]').first().waitFor({ state: 'attached' })
    await drop(page, 'large.pdf', large)
    const reading = page.locator('[data-document][data-state=parsing]', { hasText: 'large.pdf' })
    await reading.waitFor()
    await server.kill()
    await see(words.app.offline)
    server = await serve(data, { port: Number(new URL(server.address).port), started: true })
    // Parsers give way to whoever else works on this machine, such as the other tests.
    await page.locator('[data-document][data-state=ready]', { hasText: 'large.pdf' }).waitFor({ timeout: 100_000 })
    await page.getByText(words.app.offline).waitFor({ state: 'detached' })
    expect(page.complaints).toEqual([])
  })
})
