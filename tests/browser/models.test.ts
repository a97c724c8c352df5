/** Models on the screen: which fit, fetching them, servers with models, who answers, and what left this computer. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { de } from '../../renderer/messages/de.ts'
import { en as words } from '../../renderer/messages/en.ts'
import { scriptedChat, tinyEmbedder } from '../../scripts/tiny-models.ts'
import { ggufBytes } from '../../scripts/write-gguf.ts'
import { type Client, createClient } from '../../shared/api/client.ts'
import { type ApiLedgerEntry, type ApiOffer, contract } from '../../shared/api/index.ts'
import { chromiumPath } from '../chromium.ts'
import { modelBytes } from '../downloads.ts'
import { type FakeServer, openFakeServer } from '../fake-server.ts'
import { type ModelServer, sha256, startModelServer } from '../model-server.ts'
import { faults, hold, launch, visit } from './browser.ts'
import { type Served, serve } from './serve.ts'

const why = chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'

const MB = 1024 * 1024
const patient = { timeout: 30_000 }
const bytes = modelBytes(6 * MB, 7)
const fact = 'The lamp in the hall is changed every nine weeks.'
const question = 'How often is the lamp in the hall changed?'
/** Pictures are kept where somebody wants to look at them. */
const pictures = process.env.SCREENSHOTS

describe.skipIf(!chromiumPath)(`models on the screen${why}`, () => {
  let data: string
  let browser: Browser
  let hub: ModelServer
  let cloud: FakeServer
  let server: Served
  let client: Client
  let projectId: string
  let page: Page & { complaints: string[] }

  beforeAll(async () => {
    data = await mkdtemp(path.join(tmpdir(), 'cloister-models-screen-'))
    hub = await startModelServer()
    cloud = await openFakeServer()
    hub.files.set('/org/repo/resolve/main/small.gguf', { bytes, etag: null, hub: true })
    server = await serve(data, { environment: { MODEL_HUB: hub.url } })
    client = createClient({ routes: contract, url: server.address, token: 'the-key-of-the-browser-test' })
    projectId = (await client.projects.list({})).projects[0]?.id ?? ''
    browser = await launch()
    page = await visit(browser, { locale: 'en-GB' })
    await page.goto(server.url)
    await page.locator('main').waitFor()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await Promise.all([hub?.close(), cloud?.close()])
    await rm(data, { recursive: true, force: true })
  })

  const filled = (pattern: string, values: Record<string, string | number>) =>
    pattern.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name]))
  const text = (wanted: string, where: Page = page) => where.getByText(wanted, { exact: false }).first()
  const button = (name: string) => page.getByRole('button', { name, exact: true }).first()
  const go = async (hash: string, where: Page = page) => {
    await where.evaluate(to => location.assign(to), hash)
    await where.locator('h1').first().waitFor({ state: 'attached' })
  }
  const picture = async (name: string, where: Page = page) => {
    if (pictures) await where.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: false })
  }
  /** The whole of a page that scrolls inside, as one picture. */
  const whole = async (name: string, where: Page = page, width = 1280) => {
    if (!pictures) return
    const before = where.viewportSize()!
    await where.setViewportSize({ width, height: 800 })
    const height = await where.evaluate(() => document.getElementById('main')!.scrollHeight)
    await where.setViewportSize({ width, height: Math.min(6000, height + 80) })
    await picture(name, where)
    await where.setViewportSize(before)
  }
  const fits = async (where: Page = page) => {
    for (const width of [360, 390, 768, 1280, 2560]) {
      await where.setViewportSize({ width, height: 800 })
      const wide = await where.evaluate(() =>
        [document.documentElement, document.getElementById('main')!]
          .filter(one => one.scrollWidth > one.clientWidth)
          .map(one => `${one.tagName} ${one.scrollWidth}`),
      )
      expect(wide, `at ${width}`).toEqual([])
    }
    await where.setViewportSize({ width: 390, height: 844 })
    expect(await faults(where)).toEqual([])
    await where.setViewportSize({ width: 1280, height: 860 })
  }

  it('says plainly that nothing left, while nothing has', async () => {
    await go('#/ledger')
    await text(words.ledger.nothing).waitFor()
    await expect.poll(() => page.getByRole('list', { name: words.ledger.rows }).count()).toBe(0)
    await fits()
    await picture('01-ledger-empty')
  })

  it('shows what fits this computer, the best first, with one button', async () => {
    await go('#/models')
    await text(words.models.recommended).waitFor()
    const { models } = await client.catalog.list({})
    const best = models.find(({ role, recommended }) => role === 'chat' && recommended)
    expect(best).toBeDefined()
    await page
      .getByRole('button', { name: `${words.models.get} ${best?.name}` })
      .first()
      .waitFor()
    await text(best?.goodFor.en ?? '').waitFor()
    await text(words.models.none).waitFor()
    await text(words.providers.none).waitFor()
    await expect.poll(() => page.locator('[data-offer]').count()).toBe(Math.min(20, models.length))
    const first = page.locator(`[data-offer="${models[0]?.id}"]`)
    await expect
      .poll(() => first.innerText())
      .toMatch(/639\.4 MB to fetch · takes .+ of memory · .*119 languages, among them English/)
    await fits()
    await whole('02-models-empty')
    await whole('03-models-empty-narrow', page, 390)
  })

  it('fetches one from an address: shows how far, pauses, goes on, and says when it is here', async () => {
    hub.faults.set('/org/repo/resolve/main/small.gguf', [{ stall: 2 * MB }])
    await button(words.models.add).click()
    await page.getByRole('menuitem', { name: words.models.addAddress }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(words.models.address).fill('https://me:secret@example.org/x.gguf')
    await dialog.getByRole('button', { name: words.models.get }).click()
    await dialog.getByRole('alert').getByText(words.models.addressInvalid).waitFor()
    expect(await faults(page)).toEqual([])
    await picture('04-address-refused')
    await dialog.getByLabel(words.models.address).fill('https://huggingface.co/org/repo/blob/main/small.gguf')
    await page.keyboard.press('Enter')
    const row = page.locator('[data-download="small.gguf"]')
    await row.getByText('2.1 MB of 6.3 MB').waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('download-small.gguf')
    await expect.poll(() => row.getByRole('progressbar').getAttribute('aria-valuenow')).toBe('33')
    expect(await faults(page)).toEqual([])
    await picture('05-download-active')
    await row.getByRole('button', { name: words.models.pause }).click()
    await row.and(page.locator('[data-state=paused]')).waitFor()
    await picture('06-download-paused')
    await row.getByRole('button', { name: words.models.resume }).click()
    await text('“small.gguf” is here').waitFor()
    await row.waitFor({ state: 'detached' })
    await page.locator('[data-model="small.gguf"]').getByText(words.models.inUse, { exact: true }).waitFor()
  })

  it('says why one could not be fetched, tries again, and lets go of it', async () => {
    await button(words.models.add).click()
    await page.getByRole('menuitem', { name: words.models.addAddress }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(words.models.address).fill('https://huggingface.co/org/repo/blob/main/gone.gguf')
    await page.keyboard.press('Enter')
    const row = page.locator('[data-download="gone.gguf"]')
    await row.and(page.locator('[data-state=failed]')).waitFor()
    expect(await faults(page)).toEqual([])
    await picture('07-download-failed')
    await row.getByRole('button', { name: words.app.retry }).click()
    await row.and(page.locator('[data-state=failed]')).waitFor()
    await row.getByRole('button', { name: words.models.cancel }).click()
    await row.waitFor({ state: 'detached' })
  })

  it('takes a folder as a pack, and refuses what its list does not describe', async () => {
    const folder = path.join(data, 'stick')
    await mkdir(folder)
    const embedder = ggufBytes(tinyEmbedder())
    const other = modelBytes(MB, 3)
    await writeFile(path.join(folder, 'meaning.gguf'), embedder)
    await writeFile(path.join(folder, 'other.gguf'), other)
    const about = (name: string, sum: string) => ({
      name,
      size: 1,
      sha256: sum,
      role: 'chat',
      license: null,
      source: null,
    })
    const models = [
      about('meaning.gguf', sha256(embedder)),
      about('other.gguf', 'a'.repeat(64)),
      about('third.gguf', sha256(other)),
    ]
    await writeFile(
      path.join(folder, 'manifest.json'),
      JSON.stringify({ kind: 'cloister-model-pack', version: 1, models }),
    )
    await page.locator('[data-picker=models]').setInputFiles(folder)
    await text(filled(words.models.packMissing, { name: 'third.gguf' })).waitFor()
    await text(filled(words.models.packChanged, { name: 'other.gguf' })).waitFor()
    await page.locator('[data-model="meaning.gguf"]').getByText(words.models.inUse, { exact: true }).waitFor()
    expect((await client.models.list({})).models.map(({ name }) => name).sort()).toEqual(['meaning.gguf', 'small.gguf'])
    await fits()
    await whole('08-models-some')
  })

  it('checks a file, and removes it when asked twice', async () => {
    const act = async (item: string) => {
      await button(filled(words.models.actions, { name: 'small.gguf' })).click()
      await page.getByRole('menuitem', { name: item, exact: true }).click()
    }
    await act(words.models.verify)
    await text(filled(words.models.sound, { name: 'small.gguf' })).waitFor()
    await act(words.models.remove)
    const dialog = page.getByRole('dialog')
    await dialog.getByText(words.models.removeUsed).waitFor()
    expect(await faults(page)).toEqual([])
    await picture('09-remove')
    await dialog.getByRole('button', { name: words.models.remove }).click()
    await page.locator('[data-model="small.gguf"]').waitFor({ state: 'detached' })
  })

  it('adds a server, tests it, never shows its key, and says what leaves', async () => {
    await button(words.providers.add).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(words.providers.kind).selectOption('anthropic')
    await dialog.getByText(filled(words.providers.leaves, { host: 'api.anthropic.com' })).waitFor()
    expect(await faults(page)).toEqual([])
    await picture('10-provider-form')
    await dialog.getByLabel(words.providers.kind).selectOption('compatible')
    await dialog.getByLabel(words.providers.address).fill(cloud.url)
    await dialog.getByText('is this computer: no text leaves it').waitFor()
    await dialog.getByLabel(words.providers.key, { exact: true }).fill('sk-a-secret-1234')
    await dialog.getByLabel(words.providers.name).fill('House server')
    await dialog.getByRole('button', { name: words.providers.addAction }).click()
    const row = page.locator('[data-provider]')
    await row.getByText('Answers, in').waitFor()
    await row.getByText('1 model: tiny').waitFor()
    await row.getByText(filled(words.providers.keyEnds, { hint: '1234' })).waitFor()
    expect(await page.content()).not.toContain('sk-a-secret')
    await picture('11-provider-tested')

    cloud.reply = () => ({ status: 401, body: { error: { message: 'no' } } })
    await page.getByRole('button', { name: 'Test House server' }).click()
    await row.getByText('refused the key').waitFor()
    await fits()
    await picture('12-provider-key-refused')
    cloud.reply = () => ({ pieces: [`${fact.slice(0, -1)} [1].`] })
    await row.getByRole('checkbox', { name: 'Allowed House server' }).uncheck()
    await expect.poll(async () => (await client.providers.list({})).providers[0]?.enabled).toBe(false)
    await row.getByRole('checkbox', { name: 'Allowed House server' }).check()
    await expect.poll(async () => (await client.providers.list({})).providers[0]?.enabled).toBe(true)
    await button(filled(words.models.actions, { name: 'House server' })).click()
    await page.getByRole('menuitem', { name: words.providers.change }).click()
    await dialog.getByText(filled(words.providers.keyKept, { hint: '1234' })).waitFor()
    expect(await dialog.getByLabel(words.providers.key, { exact: true }).inputValue()).toBe('')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Test House server' }).click()
    await row.getByText('Answers, in').waitFor()
  })

  it('keeps to what was chosen while answers are late, and takes back what is refused', async () => {
    const unreachable = words.error['server-unreachable']
    const box = page.getByRole('checkbox', { name: 'Allowed House server' })
    /** What it shows when the click has been dealt with, and not some time later. */
    const click = (where = box) =>
      where.evaluate(one => {
        const input = one as HTMLInputElement
        input.click()
        return input.checked
      })
    const enabled = async () => (await client.providers.list({})).providers[0]?.enabled
    const held = await hold(page, /\/providers\/[^/]+$/)
    expect(await click()).toBe(false)
    expect(await click()).toBe(true)
    expect(await click()).toBe(false)
    // Read anew in between, from a server that knows nothing of it yet.
    const [read] = await Promise.all([
      page.waitForResponse(one => one.url().endsWith('/api/v1/providers') && one.request().method() === 'GET'),
      page.getByRole('button', { name: 'Test House server' }).click(),
    ])
    expect((await read.json()).providers[0].enabled).toBe(true)
    await page.locator('[data-provider]').getByText('Answers, in').waitFor()
    await expect.poll(() => box.isChecked()).toBe(false)
    await held.release()
    expect(await click()).toBe(true)
    await held.release()
    await held.release()
    expect(held.sent).toEqual([false, false, true].map(enabled => ({ enabled })))
    await expect.poll(() => box.isChecked()).toBe(true)
    expect(await enabled()).toBe(true)
    expect(await click()).toBe(false)
    await held.refuse()
    await text(unreachable).waitFor()
    await expect.poll(() => box.isChecked()).toBe(true)
    await held.end()

    await go('#/settings')
    const local = page.getByLabel(words.projectModels.localOnly)
    const theme = (name: string) => page.getByRole('radio', { name, exact: true })
    const projects = await hold(page, /\/projects\/[^/]+$/)
    expect(await click(local)).toBe(true)
    await client.projects.update({ projectId, name: 'Renamed meanwhile' })
    await text('Renamed meanwhile').waitFor()
    await expect.poll(() => local.isChecked()).toBe(true)
    expect(await click(local)).toBe(false)
    await projects.release()
    await expect.poll(() => local.isChecked()).toBe(false)
    await projects.release()
    expect(projects.sent).toEqual([{ localOnly: true }, { localOnly: false }])
    await expect.poll(async () => (await client.projects.get({ projectId })).localOnly).toBe(false)
    await expect.poll(() => local.isChecked()).toBe(false)
    await projects.end()

    const settings = await hold(page, /\/settings$/)
    expect(await click(theme(words.settings.dark))).toBe(true)
    await client.settings.update({ recognition: 'on' })
    await settings.refuse()
    await expect.poll(() => theme(words.settings.system).isChecked()).toBe(true)
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBeUndefined()
    await settings.end()
    await go('#/models')
  })

  it('switches the model of a chat, and each answer says who wrote it and where', async () => {
    await client.documents.addText({ projectId, name: 'Lamp.md', text: fact })
    await expect.poll(async () => (await client.documents.work({ projectId })).open, patient).toBe(0)
    await page.locator('[data-picker=model]').setInputFiles({
      name: 'writer.gguf',
      mimeType: 'application/octet-stream',
      buffer: ggufBytes(scriptedChat(`${fact.slice(0, -1)} [1].`)),
    })
    await page.locator('[data-model="writer.gguf"]').waitFor()
    await go('#/')
    const choice = page.locator('[data-model-choice]')
    await choice.getByText('writer').waitFor()
    await expect.poll(() => choice.getAttribute('aria-label')).toBe('Model: writer, on this computer')
    await page.locator('[data-main-field]').fill(question)
    await page.keyboard.press('Enter')
    const writers = page.locator('[data-writer]')
    await writers.first().waitFor()
    await expect.poll(() => writers.first().innerText()).toContain('Written by writer (on this computer)')
    await choice.click()
    await picture('13-model-choice')
    await page.getByRole('menuitemradio', { name: /^tiny/ }).click()
    await choice.getByText('tiny').waitFor()
    await page.locator('[data-main-field]').fill(`And again: ${question}`)
    await page.keyboard.press('Enter')
    await expect.poll(() => writers.count()).toBe(2)
    await expect.poll(() => writers.last().innerText()).toContain('Written by tiny (at House server, on this computer)')
    await page.reload()
    await choice.getByText('tiny').waitFor()
    await fits()
    await picture('14-chat-writers')
    await page.setViewportSize({ width: 390, height: 844 })
    await picture('15-chat-narrow')
    await page.setViewportSize({ width: 1280, height: 860 })

    // A new chat begins with what was chosen for it.
    await go('#/')
    await choice.click()
    await page.getByRole('menuitemradio', { name: /^tiny/ }).click()
    await page.locator('[data-main-field]').fill(`Once more: ${question}`)
    await page.keyboard.press('Enter')
    await writers.first().waitFor()
    await expect.poll(() => writers.first().innerText()).toContain('Written by tiny')
    await choice.getByText('tiny').waitFor()
    const id = new URL(page.url()).hash.split('/').at(-1) ?? ''
    expect((await client.chats.get({ projectId, chatId: id })).chat.model).toMatch(/\/tiny$/)
  })

  it('warns where a question would leave, and does not offer what the project forbids', async () => {
    const away = await client.providers.add({
      kind: 'openai-compatible',
      name: 'Far away',
      baseUrl: 'http://models.invalid/v1',
      key: 'k-9876',
    })
    await client.projects.update({ projectId, chatModel: `${away.slug}/large` })
    await page.reload()
    await page.route('**/api/v1/models?*', async route => {
      const body = await (await route.fetch()).json()
      const { localOnly } = (await client.projects.get({ projectId })) ?? {}
      body.served.push({
        id: 'large',
        role: 'chat',
        contextSize: null,
        reference: `${away.slug}/large`,
        provider: { slug: away.slug, name: 'Far away', here: false },
        inUse: false,
        problem: localOnly ? { code: 'project-local-only', values: { name: 'Far away' } } : null,
      })
      await route.fulfill({ json: body })
    })
    await go('#/')
    await page.reload()
    await text(filled(words.ask.leaves, { server: 'Far away' })).waitFor()
    expect(await faults(page)).toEqual([])
    await picture('16-ask-leaves')
    await go('#/settings')
    await text(words.projectModels.localOnly).waitFor()
    await text('large (at Far away)').waitFor({ state: 'attached' })
    await fits()
    await whole('17-settings')
    await page.getByLabel(words.projectModels.localOnly).check()
    await expect.poll(async () => (await client.projects.get({ projectId })).localOnly).toBe(true)
    await expect.poll(() => page.getByRole('checkbox', { name: /^Far away/ }).isDisabled()).toBe(true)
    await picture('18-settings-local-only')
    await go('#/')
    await page.locator('[data-model-choice]').click()
    const item = page.getByRole('menuitemradio', { name: /^large/ })
    await item.waitFor()
    // The project may come after the models.
    await expect.poll(() => item.getAttribute('aria-disabled')).toBe('true')
    await picture('19-choice-local-only')
    await page.keyboard.press('Escape')
    await page.unroute('**/api/v1/models?*')
    await client.projects.update({ projectId, localOnly: false, chatModel: null })
    await client.providers.remove({ slug: away.slug })
  })

  it('shows the index that is built beside, and stays with the old model when asked to', async () => {
    await expect
      .poll(async () => (await client.vectorIndexes.get({ projectId })).searched?.file, patient)
      .toBe('meaning.gguf')
    await writeFile(path.join(data, 'models', 'meaning-2.gguf'), ggufBytes(tinyEmbedder({ dimensions: 24 })))
    let share = 0.2
    await page.route('**/api/v1/projects/*/index', route => {
      share += 0.02
      return route.fulfill({
        json: {
          searched: { model: 'Tiny embedder', file: 'meaning.gguf', share: 1 },
          building: { model: 'Tiny embedder', file: 'meaning-2.gguf', share },
          trouble: null,
        },
      })
    })
    await go('#/models')
    await page.reload()
    const status = page.locator('[data-index]')
    await status.getByText('Your documents are prepared for meaning-2').waitFor()
    await status.getByText(/2\d\s?% of this project done, (less|about) /).waitFor()
    await fits()
    await picture('20-index-building')
    await status.getByRole('button', { name: 'Stay with meaning' }).click()
    await text(filled(words.models.usedMeaning, { name: 'meaning.gguf' })).waitFor()
    await page.unroute('**/api/v1/projects/*/index')
    await status.waitFor({ state: 'detached' })
    const { models } = await client.models.list({})
    expect(models.find(({ name }) => name === 'meaning.gguf')?.inUse).toBe(true)
    // The other way round one is asked first.
    await button(filled(words.models.actions, { name: 'meaning-2.gguf' })).click()
    await page.getByRole('menuitem', { name: words.models.use, exact: true }).click()
    await page.getByRole('dialog').getByText('Find by meaning with meaning-2?').waitFor()
    expect(await faults(page)).toEqual([])
    await picture('21-index-ask')
    await page.keyboard.press('Escape')
  })

  it('tells what was connected to, by host too, filtered, and as a file', async () => {
    await go('#/ledger')
    await page.locator('[data-sum]').first().waitFor()
    await text(words.ledger.onlyHere).waitFor()
    await expect.poll(() => page.locator('[data-entry]').count()).toBeGreaterThan(5)
    await fits()
    await whole('22-ledger')
    await page.getByLabel(words.ledger.purpose).selectOption('download')
    await expect
      .poll(async () => (await page.locator('[data-entry]').allInnerTexts()).every(one => one.includes('Fetching')))
      .toBe(true)
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: words.ledger.csv }).click(),
    ])
    expect(file.suggestedFilename()).toBe('cloister-ledger.csv')
    const href = await page.getByRole('link', { name: words.ledger.jsonl }).getAttribute('href')
    expect(href).toBe('/api/v1/ledger/export?format=jsonl&purpose=download')
    await page.getByLabel(words.ledger.find).fill('nowhere.example')
    await text(words.ledger.noneFound).waitFor()
    await page.getByLabel(words.ledger.find).fill('')
    await page.locator('[data-entry]').first().waitFor()
  })

  it('stays usable with far too much: two hundred models, ten thousand connections', async () => {
    const { machine, models } = await client.catalog.list({})
    const many: ApiOffer[] = Array.from({ length: 200 }, (_, at) => {
      const one = models[at % models.length]!
      const large = at % 3 === 2
      const tight = at % 3 === 1
      const fit = one.fit && {
        ...one.fit,
        fits: large ? ('no' as const) : tight ? ('tight' as const) : ('well' as const),
        smaller: large ? 'model-0' : null,
      }
      return { ...one, id: `model-${at}`, name: `${one.name} no. ${at}`, recommended: at === 0, inUse: false, fit }
    })
    await page.route('**/api/v1/models/catalog', route => route.fulfill({ json: { machine, models: many } }))
    await page.route('**/api/v1/ledger?*', route => {
      const from = Number(new URL(route.request().url()).searchParams.get('after') ?? 0)
      const entries = Array.from({ length: 50 }, (_, at) => entryOf(from + at))
      return route.fulfill({ json: { entries, next: from + 50 < 10_000 ? String(from + 50) : null } })
    })
    await page.route('**/api/v1/ledger/sums*', route =>
      route.fulfill({
        json: {
          sums: Array.from({ length: 400 }, (_, at) => ({
            host: `api-${at}.a-rather-long-name-of-a-server.example`,
            purpose: 'model',
            requests: 25,
            open: 0,
            failed: at % 5,
            refused: at % 2,
            sent: 10 ** (at % 9),
            received: 10 ** (at % 10),
            last: Date.now(),
          })),
        },
      }),
    )
    await go('#/models')
    await page.reload()
    await text('200 models').waitFor()
    await expect.poll(() => page.locator('[data-offer]').count()).toBe(20)
    await text('The next smaller one that fits is').waitFor()
    await page.getByLabel(words.models.onlyFitting).check()
    await text(filled(words.models.found_other, { count: 134 })).waitFor()
    await fits()
    await whole('23-models-many')
    await page.getByLabel(words.models.find).fill('no. 199')
    await text(words.models.found_one).waitFor()
    await go('#/ledger')
    await page.reload()
    await text('1–50 of 10,000').waitFor()
    await fits()
    await whole('24-ledger-many')
    await whole('25-ledger-many-narrow', page, 390)
    await page.getByRole('button', { name: words.app.next }).click()
    await text('51–100 of 10,000').waitFor()
    await page.unrouteAll()
  })

  it('says so when the server refuses or is gone', async () => {
    for (const name of ['models/catalog', 'ledger', 'providers', 'downloads'])
      await page.route(`**/api/v1/${name}*`, route => route.abort())
    await page.reload()
    await page.getByRole('alert').first().waitFor({ timeout: 60_000 })
    expect(await faults(page)).toEqual([])
    await go('#/models')
    await expect.poll(() => page.getByRole('alert').count(), { timeout: 60_000 }).toBeGreaterThan(0)
    await whole('26-models-unreachable')
    await page.unrouteAll()
  })

  it('does without a network when it is told to, and says so', async () => {
    const alone = await serve(path.join(data, 'offline'), { environment: { OFFLINE: 'on' } })
    const other = await visit(browser, { locale: 'en-GB' })
    try {
      await other.goto(alone.url)
      await other.locator('main').waitFor()
      await go('#/models', other)
      await other
        .getByRole('button', { name: new RegExp(`^${words.models.get} `) })
        .first()
        .click()
      const row = other.locator('[data-download]')
      await row.getByText('Cloister is set to do without a network (OFFLINE)').waitFor()
      expect(await faults(other)).toEqual([])
      await picture('31-models-offline', other)
      await go('#/ledger', other)
      await other.locator('[data-entry=refused]').first().getByText(words.ledger.nothingLeft).waitFor()
      await other.getByText(words.ledger.onlyHere).waitFor()
      await picture('32-ledger-offline', other)
      expect(other.complaints).toEqual([])
    } finally {
      await other.context().close()
      await alone.stop()
    }
  })

  it('speaks German, in the dark and by keyboard', async () => {
    const other = await visit(browser, { locale: 'de-DE', colorScheme: 'dark' })
    await other.goto(server.url)
    await other.locator('main').waitFor()
    await go('#/models', other)
    await other.getByText(de.models.recommended).waitFor()
    await fits(other)
    await other.emulateMedia({ colorScheme: 'dark' })
    await whole('27-models-german-dark', other)
    await whole('28-models-german-dark-narrow', other, 390)
    await go('#/ledger', other)
    await other.locator('[data-entry]').first().waitFor()
    await fits(other)
    await other.emulateMedia({ colorScheme: 'dark' })
    await whole('29-ledger-german-dark', other)
    await go('#/settings', other)
    await other.getByText(de.projectModels.localOnly).waitFor()
    await fits(other)
    await other.emulateMedia({ colorScheme: 'dark' })
    await whole('30-settings-german-dark-narrow', other, 390)
    expect(other.complaints).toEqual([])
    expect(page.complaints).toEqual([])
  })
})

function entryOf(number: number): ApiLedgerEntry {
  const outcome = (['done', 'done', 'failed', 'refused', 'open'] as const)[number % 5]!
  return {
    id: `019a0000-0000-7000-8000-${String(number).padStart(12, '0')}`,
    startedAt: Date.now() - number * 60_000,
    endedAt: outcome === 'open' ? null : Date.now() - number * 60_000 + 900,
    own: true,
    projectId: null,
    purpose: number % 4 === 0 ? 'download' : 'model',
    host: number % 7 === 0 ? '127.0.0.1' : `api-${number % 400}.a-rather-long-name-of-a-server.example`,
    port: number % 7 === 0 ? 11434 : 443,
    address: '93.184.215.14',
    sent: number * 31,
    received: number * 977,
    outcome,
    why: outcome === 'failed' ? 'tls' : outcome === 'refused' ? 'local-only' : null,
  }
}
