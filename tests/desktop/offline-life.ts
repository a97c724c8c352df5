/**
 * Two days with the desktop, as a program that `without-network.test.ts` runs where there is no network: the server with all it starts, and the
 * page in a Chromium with the switches that Electron gets. Says on its standard output what it saw, as an object of JSON.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { chromiumSwitches } from '../../main/safety/web-preferences.ts'
import { de } from '../../renderer/messages/de.ts'
import { createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import { drop } from '../browser/drop.ts'
import { chromiumPath } from '../chromium.ts'
import { until } from '../until.ts'
import { type StartedDesktop, startDesktop } from './start-desktop.ts'
import { openWindow } from './window.ts'

/** Of the document that is dropped, and of what the models say. */
export const file = 'hygieneplan.pdf'
const question = 'Wie lange dauert die hygienische Händedesinfektion?'
export const answer = 'Die hygienische Händedesinfektion dauert 30 Sekunden [1].'
/** In the folder that is named: what the user brought on a stick. */
export const brought = ['chat.gguf', 'vectors.gguf'] as const
/** Of documentation: no machine has it. */
export const elsewhere = '192.0.2.1'

export interface Seen {
  /** Of the last answer in the window. */
  answer: string
  /** Page of the document, opened by the answer's citation. */
  page: string
  writer: string
  documents: { name: string; state: string; embedded: boolean }[]
  chats: number
  /** Of messages: who wrote them. */
  modes: (string | null)[]
  models: string[]
  /** What the server asked others for. */
  ledger: number
  /** Of the page, and what the guards refused. */
  complaints: string[]
}

type Day = (page: Page, folder: string) => Promise<void>

export const days: Record<string, Day> = {
  async first(page, folder) {
    await page.getByText(de.ask.empty).waitFor()
    await page.getByRole('link', { name: de.nav.models }).click()
    for (const name of brought) {
      await page.locator('[data-picker=model]').setInputFiles(path.join(folder, name))
      await page.locator(`[data-model="${name}"]`).waitFor()
    }
    await page.getByRole('link', { name: de.nav.library }).first().click()
    await drop(page, file, await readFile(path.join(folder, file)))
    await page.locator('[data-document]', { hasText: file }).and(page.locator('[data-state=ready]')).waitFor()
    await page.getByRole('link', { name: de.nav.ask }).click()
    await page.locator('[data-main-field]').fill(question)
    await page.keyboard.press('Enter')
    await page.locator('[data-writer]').waitFor()
  },
  async second(page) {
    await page.getByRole('navigation').getByText(question).click()
    await page.locator('[data-writer]').waitFor()
  },
}

/** The last answer, and what its citation opens. */
export async function lookAt(page: Page): Promise<Pick<Seen, 'answer' | 'page' | 'writer'>> {
  await page.locator('[data-answer] [data-citation="1"]').first().click()
  const shown = page.locator('[data-rendered]').first()
  await shown.waitFor()
  return {
    answer: await page.locator('[data-answer]').last().innerText(),
    page: (await shown.getAttribute('data-rendered')) ?? '',
    writer: await page.locator('[data-writer]').last().innerText(),
  }
}

async function live(day: Day, folder: string): Promise<Seen> {
  const desktop = await startDesktop({ folder })
  desktop.server.start()
  const browser = await launch({ ofPage: true })
  try {
    const { page, complaints, refused, close } = await openWindow(browser, desktop)
    // Every call to another process stops for the one that watches.
    page.setDefaultTimeout(90_000)
    await day(page, folder)
    const seen = {
      ...(await lookAt(page)),
      ...(await ofServer(desktop)),
      complaints: [...complaints, ...refused],
    }
    await close()
    return seen
  } finally {
    await browser.close()
    await desktop.stop()
  }
}

async function ofServer({ server }: StartedDesktop) {
  const client = createClient({ routes: contract, url: 'http://localhost', fetch: request => server.fetch(request) })
  const projectId = (await client.projects.list({})).projects[0]?.id ?? ''
  const list = async () => (await client.documents.list({ projectId })).documents
  await until(
    async () => (await list()).every(({ embedded, chunks }) => chunks > 0 && embedded === chunks),
    'the vectors are there',
    120_000,
  )
  const { chats } = await client.chats.list({ projectId })
  const messages = await Promise.all(
    chats.map(async ({ id }) => (await client.chats.get({ projectId, chatId: id })).messages),
  )
  return {
    documents: (await list()).map(({ name, state, embedded, chunks }) => ({
      name,
      state,
      embedded: embedded === chunks && chunks > 0,
    })),
    chats: chats.length,
    modes: messages.flat().flatMap(({ answer }) => (answer ? [answer.mode] : [])),
    models: (await client.models.list({})).models.map(({ name }) => name).sort(),
    ledger: (await client.ledger.list({})).entries.length,
  }
}

/** As Electron starts it, but that the page lies on this machine. */
async function launch({ ofPage = false, switches = chromiumSwitches } = {}): Promise<Browser> {
  const given = switches.map(([name, value]) => {
    const wide = name === 'host-resolver-rules' && ofPage ? `${value}, EXCLUDE 127.0.0.1` : value
    return wide === undefined ? `--${name}` : `--${name}=${wide}`
  })
  return chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox', ...given] })
}

/** What a page might do, with nobody in between. Not by going there: Chrome, and nobody else, then asks servers of names what is wrong. */
async function flee(switches: typeof chromiumSwitches): Promise<void> {
  const browser = await launch({ switches })
  const page = await browser.newPage()
  await page.evaluate(`fetch('http://${elsewhere}/').catch(() => {})`)
  await browser.close()
}

if (import.meta.main) {
  const [what = '', folder = ''] = process.argv.slice(2)
  const day = days[what]
  if (day) process.stdout.write(`${JSON.stringify(await live(day, folder))}\n`)
  else await flee(what === 'flee-switched' ? chromiumSwitches : [])
}
