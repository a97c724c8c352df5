/** What the screen does when things go wrong, are stopped, are many, or are done without a mouse. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { en as words } from '../../renderer/messages/en.ts'
import { scriptedChat } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { chromiumPath } from '../chromium.ts'
import { faults, launch, visit } from './browser.ts'
import { drop } from './drop.ts'
import { type Served, serve } from './serve.ts'

const why = chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'

const longWord = 'Donaudampfschifffahrtsgesellschaftskapitänskajütenschlüsselanhänger'
const fact = 'The lamp in the hall is changed every nine weeks.'

describe.skipIf(!chromiumPath)(`the screen${why}`, () => {
  let data: string
  let browser: Browser
  let server: Served
  let page: Page & { complaints: string[] }

  beforeAll(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'cloister-screen-'))
    server = await serve(data, { environment: { MAX_FILE_SIZE_MB: '1' }, started: true })
    browser = await launch()
    page = await visit(browser, { locale: 'en-GB' })
    await page.goto(server.url)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await rm(data, { recursive: true, force: true })
  })

  const text = (wanted: string, where: Page = page) => where.getByText(wanted, { exact: false }).first()
  const filled = (pattern: string, values: Record<string, string | number>) =>
    pattern.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name]))
  const button = (name: string) => page.getByRole('button', { name })
  const link = (name: string) => page.getByRole('link', { name, exact: true }).first()
  const row = (name: string) => page.locator('[data-document]', { hasText: name })
  const ready = (name: string) => row(name).and(page.locator('[data-state=ready]')).waitFor()
  const menuOf = async (name: string, item: string) => {
    await row(name)
      .getByRole('button', { name: filled(words.library.actions, { name }) })
      .click()
    await page.getByRole('menuitem', { name: item, exact: true }).click()
  }
  /** What has the keyboard: what it says, and whether one can see that it has it. */
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement as HTMLElement
      const ring = [element, element.parentElement].some(one => one && getComputedStyle(one).outlineStyle !== 'none')
      const { width, height } = element.getBoundingClientRect()
      const said = element.getAttribute('aria-label') ?? element.innerText ?? ''
      return { said: said.trim(), id: element.id, tag: element.tagName, seen: ring && width > 0 && height > 0 }
    })
  /** Tab by tab, each with a ring around it, to what says so. */
  const tabTo = async (said: string | RegExp, key = 'Tab') => {
    const way: string[] = []
    for (let step = 0; step < 40; step++) {
      await page.keyboard.press(key)
      const now = await focused()
      way.push(now.said.slice(0, 40))
      if (now.tag !== 'BODY') expect(now, 'one sees where the keyboard is').toMatchObject({ seen: true })
      if (typeof said === 'string' ? now.said === said : said.test(now.said)) return
    }
    throw new Error(`no ${said} on the way: ${way.join(' | ')}`)
  }

  it('lets a first visitor ask within a minute, with a sample', async () => {
    await button(words.library.sample).click()
    const field = page.locator('[data-main-field]')
    await field.waitFor()
    await expect.poll(() => field.inputValue()).toContain('?')
    await text('Searches 1 document.').waitFor()
    await field.press('Enter')
    await page.locator('blockquote', { hasText: '21 days' }).waitFor()
    await text(words.chat.quotesNoModel).waitFor()
    await page.getByRole('link', { name: words.chat.addModel }).click()
    await text(words.models.noneLead).waitFor()
  })

  it('says in words why a file was not added', async () => {
    await link(words.nav.library).click()
    const panel = page.getByRole('region', { name: words.upload.title })
    await page.locator('[data-picker=files]').setInputFiles([
      { name: 'holiday.mov', mimeType: 'video/quicktime', buffer: Buffer.from('a film') },
      { name: 'plan.dwg', mimeType: 'image/vnd.dwg', buffer: Buffer.from('a drawing') },
      { name: 'huge.txt', mimeType: 'text/plain', buffer: Buffer.alloc(1_100_000, 'a ') },
      { name: 'no paper.pdf', mimeType: 'application/pdf', buffer: Buffer.from('not what it is called') },
      { name: 'Lamp.md', mimeType: 'text/markdown', buffer: Buffer.from(`# Lamp\n\n${fact}\n`) },
    ])
    await ready('Lamp.md')
    await panel.getByText(words.upload.problems_other.replace('{{count}}', '4')).waitFor()
    const said = (await panel.innerText()).replace(/\n+/g, '\n')
    expect(said).toMatch(/holiday\.mov\nThis is a sound or video recording; /)
    expect(said).toContain(`plan.dwg\n${words.upload.wrongKind}\n`)
    expect(said).toContain(words.upload.kinds)
    expect(said).toMatch(/huge\.txt\nThe file is larger than the limit of 1 MB/)
    expect(said).toMatch(/no paper\.pdf\nThe content is not what the end of the name says/)
    expect(await faults(page)).toEqual([])
    await panel.getByRole('button', { name: words.app.dismiss }).click()
    await panel.waitFor({ state: 'detached' })
    await expect.poll(() => page.locator('[data-document]').count()).toBe(2)
  })

  it('says the same of a file that was dropped while one asks', async () => {
    await link(words.nav.ask).click()
    await drop(page, 'holiday.mov', new Uint8Array(3))
    const panel = page.getByRole('region', { name: words.upload.title })
    await panel.getByText(words.upload.problems_one).waitFor()
    await panel.getByRole('button', { name: words.app.dismiss }).click()
  })

  it('takes a folder with all that is in it, chosen or dropped', async () => {
    const folder = path.join(data, 'given')
    await mkdir(path.join(folder, 'Chosen/Minutes 2025'), { recursive: true })
    await mkdir(path.join(folder, 'Dropped/deep/deeper'), { recursive: true })
    await writeFile(path.join(folder, 'Chosen/Minutes 2025/May.md'), 'In May the gutter was mended.')
    await writeFile(path.join(folder, 'Chosen/.hidden.md'), 'Nobody sees this.')
    await writeFile(path.join(folder, 'Dropped/One.md'), 'One lift is enough.')
    await writeFile(path.join(folder, `Dropped/deep/deeper/${longWord}.md`), 'Two lifts are better.')
    await link(words.nav.library).click()
    await page.locator('[data-picker=folder]').setInputFiles(path.join(folder, 'Chosen'))
    await ready('May.md')
    await expect.poll(() => row('May.md').innerText()).toContain('Chosen/Minutes 2025')
    await text(words.upload.skipped_one).waitFor()

    // The browser's own drag, as a hand does it: only so the page is given folders.
    const cdp = await page.context().newCDPSession(page)
    const data_ = { items: [], files: [path.join(folder, 'Dropped')], dragOperationsMask: 1 }
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await cdp.send('Input.dispatchDragEvent', { type, x: 640, y: 400, data: data_ })
    await ready('One.md')
    await ready(longWord)
    await expect.poll(() => row(longWord).innerText()).toContain('Dropped/deep/deeper')
  })

  it('finds documents by their name', async () => {
    await page.getByRole('searchbox', { name: words.library.find }).fill('KAJÜTEN dropped')
    await expect.poll(() => page.locator('[data-document]').allInnerTexts()).toHaveLength(1)
    await text(words.library.count_one.replace('{{count}}', '1')).waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.locator('[data-document]').count()).toBe(5)
    await page.getByRole('searchbox', { name: words.library.find }).fill('nothing of the kind')
    await text(filled(words.library.noneNamed, { name: 'nothing of the kind' })).waitFor()
    expect(await faults(page)).toEqual([])
    await page.getByRole('searchbox', { name: words.library.find }).fill('')
    await expect.poll(() => page.locator('[data-document]').count()).toBe(5)
  })

  it('stands in every width, with nothing cut off, and axe finds nothing when it is narrow', async () => {
    await link(words.nav.ask).click()
    await page.locator('[data-main-field]').fill(`What of ${longWord}? Are two lifts better?`)
    await page.keyboard.press('Enter')
    await page.locator('blockquote').first().waitFor()
    const chat = new URL(page.url()).hash
    for (const hash of [chat, '#/', '#/library', '#/trash', '#/search?q=lifts', '#/models', '#/settings']) {
      await page.evaluate(to => location.assign(to), hash)
      // A part of the page that is fetched only now has its heading when it is there.
      await page.locator('h1').first().waitFor({ state: 'attached' })
      for (const width of [360, 768, 1280, 2560]) {
        await page.setViewportSize({ width, height: 800 })
        const wide = await page.evaluate(() =>
          [document.documentElement, document.getElementById('main')!]
            .filter(one => one.scrollWidth > one.clientWidth)
            .map(one => `${one.tagName} ${one.scrollWidth}`),
        )
        expect(wide, `${hash} at ${width}`).toEqual([])
      }
      await page.setViewportSize({ width: 360, height: 740 })
      expect(await faults(page), hash).toEqual([])
    }
    await page.evaluate(to => location.assign(to), chat)
    await page.locator('[data-citation="1"]').first().click()
    await page.locator('mark').first().waitFor()
    expect(await faults(page)).toEqual([])
    await button(words.reading.back).click()
    await page.locator('blockquote').first().waitFor()
    await page.setViewportSize({ width: 1280, height: 860 })
  })

  it('is used by keyboard alone, and one always sees where one is', async () => {
    await page.setViewportSize({ width: 1280, height: 860 })
    await page.goto(`${server.address}/#/`)
    await page.reload()
    await page.locator('[data-main-field]').waitFor()
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    await tabTo(words.app.skip)
    await page.keyboard.press('Enter')
    expect((await focused()).id).toBe('main')
    await tabTo(words.nav.library, 'Shift+Tab')
    await page.keyboard.press('Enter')
    await ready('Lamp.md')
    // Delete and take back.
    await tabTo(filled(words.library.actions, { name: 'Lamp.md' }))
    await page.keyboard.press('Enter')
    await page.getByRole('menu').waitFor()
    await expect.poll(async () => (await focused()).said).toBe(words.library.open)
    await page.keyboard.press('End')
    await expect.poll(async () => (await focused()).said).toBe(words.library.delete)
    await page.keyboard.press('Enter')
    await row('Lamp.md').waitFor({ state: 'detached' })
    await tabTo(words.app.undo)
    await page.keyboard.press('Enter')
    await ready('Lamp.md')
    // Ask, open the citation, close it, and stand where one was.
    await page.keyboard.press('n')
    await expect.poll(async () => (await focused()).tag).toBe('TEXTAREA')
    await page.keyboard.type('How often is the lamp in the hall changed?')
    await page.keyboard.press('Enter')
    await page.locator('blockquote', { hasText: fact }).waitFor()
    await tabTo(/^Source 1/, 'Shift+Tab')
    await page.keyboard.press('Enter')
    await page.locator('mark', { hasText: fact }).waitFor()
    await expect.poll(async () => (await focused()).tag).toBe('SECTION')
    await page.keyboard.press('Escape')
    await page.locator('mark').waitFor({ state: 'detached' })
    await expect.poll(async () => (await focused()).said).toMatch(/^Source 1/)
    await page.keyboard.press('?')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('makes a project, renames it, and deletes it', async () => {
    const choose = async (item: string) => {
      await page.getByRole('button', { name: /^Project: / }).click()
      await page.getByRole('menuitem', { name: item }).click()
    }
    await choose(words.nav.newProject)
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(words.project.name).fill('My documents')
    await dialog.getByRole('button', { name: words.app.create }).click()
    await dialog.getByRole('alert').getByText('There is a project').waitFor()
    expect(await faults(page)).toEqual([])
    await dialog.getByLabel(words.project.name).fill('House by the lake')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await text(words.ask.empty).waitFor()
    await button('Project: House by the lake').waitFor()

    await choose(words.nav.renameProject)
    await expect.poll(() => dialog.getByLabel(words.project.name).inputValue()).toBe('House by the lake')
    await page.keyboard.type('House on the hill')
    await page.keyboard.press('Enter')
    await button('Project: House on the hill').waitFor()
    await page.reload()
    await button('Project: House on the hill').waitFor()

    await choose(words.nav.deleteProject)
    await dialog.getByRole('button', { name: words.app.cancel }).click()
    await dialog.waitFor({ state: 'detached' })
    await choose(words.nav.deleteProject)
    await dialog.getByText(words.project.deleteLead).waitFor()
    expect(await faults(page)).toEqual([])
    await dialog.getByRole('button', { name: words.project.deleteAction }).click()
    await button(`Project: ${words.app.firstProject}`).waitFor()
    await page.getByRole('button', { name: /^Project: / }).click()
    await expect.poll(() => page.getByRole('menuitemradio').allInnerTexts()).toEqual([words.app.firstProject])
    await page.keyboard.press('Escape')
  })

  it('puts what was deleted into the trash, and lets go of it when asked twice', async () => {
    await link(words.nav.library).click()
    await menuOf('One.md', words.library.delete)
    await row('One.md').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: words.library.trash }).click()
    await page.getByRole('heading', { name: words.library.trash }).waitFor()
    await page.locator('main li', { hasText: 'One.md' }).waitFor()
    expect(await faults(page)).toEqual([])
    await button(words.library.purge).click()
    await page.getByRole('dialog').getByRole('button', { name: words.library.purge }).click()
    await text(words.library.trashNone).waitFor()
  })

  it('keeps the rest of the page when a part of it cannot be fetched', async () => {
    const other = await visit(browser, { locale: 'en-GB' })
    await other.goto(server.url)
    await other.locator('[data-main-field]').waitFor()
    await other.route(/search-page/, route => route.abort())
    await other.getByRole('link', { name: words.nav.search }).click()
    await text(words.app.partFailed, other).waitFor()
    expect(await faults(other)).toEqual([])
    await other.getByRole('link', { name: words.nav.library, exact: true }).click()
    await other.locator('[data-document]').first().waitFor()
    await other.unroute(/search-page/)
    await other.getByRole('link', { name: words.nav.search }).click()
    await other.getByRole('button', { name: words.app.reload }).click()
    await other.getByRole('searchbox', { name: words.search.label }).waitFor()
    const gone = '01a1fe0c-e806-7665-8b79-8b8eba239c1f'
    await other.evaluate(to => location.assign(to), `#/chat/${gone}?read=${gone}`)
    await text(words.chat.none, other).waitFor()
    await text(words.reading.gone, other).waitFor()
    expect(await faults(other)).toEqual([])
    await other.context().close()
  })

  it('keeps what was written when an answer is stopped, and says that it was', async () => {
    const subjects = ['lamp', 'door', 'roof', 'stair', 'lift', 'cellar', 'garden', 'gutter', 'fence', 'gate']
    const verbs = ['stands', 'waits', 'shines', 'rests', 'creaks', 'leans', 'hides', 'sleeps', 'turns', 'shakes']
    const more = subjects.flatMap(subject =>
      verbs.map(verb => `The ${subject} ${verb} behind the ${verb}ing ${subject}s.`),
    )
    const model = path.join(data, 'talkative.gguf')
    await writeGguf(model, scriptedChat(`${fact.slice(0, -1)} [1]. ${more.join(' ')}`))
    await link(words.nav.models).click()
    await page.locator('[data-picker=model]').setInputFiles(model)
    await page.getByText(words.models.inUse, { exact: true }).waitFor()
    await link(words.nav.ask).click()
    // A tiny model writes its hundred sentences faster than a hand comes from here to the button.
    await page.evaluate(
      ([fact, stop]) => {
        const seen = new MutationObserver(() => {
          if (!document.querySelector('[data-answer]')?.textContent?.includes(fact!)) return
          seen.disconnect()
          for (const one of document.querySelectorAll('button')) if (one.innerText.trim() === stop) one.click()
        })
        seen.observe(document.body, { subtree: true, childList: true, characterData: true })
      },
      [fact, words.ask.stop],
    )
    await page.locator('[data-main-field]').fill('How often is the lamp in the hall changed?')
    await page.keyboard.press('Enter')
    await text(words.chat.interrupted).waitFor()
    const kept = page.locator('[data-answer]')
    const before = await kept.innerText()
    expect(before).toContain(fact.slice(0, -1))
    expect(await faults(page)).toEqual([])
    await page.reload()
    await text(words.chat.interrupted).waitFor()
    await expect.poll(() => kept.innerText()).toContain(fact.slice(0, -1))
    await expect.poll(() => text(words.chat.interrupted).count()).toBe(1)
    await button(words.chat.again).waitFor()
    expect(page.complaints).toEqual([])
  })
})
