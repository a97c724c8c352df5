/** The first screen in a real Chromium, beside a page of Vite and React that does nothing; and the page while an answer streams. */
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { scriptedChat } from '../scripts/tiny-models.ts'
import { writeGguf } from '../scripts/write-gguf.ts'
import { chromiumPath } from '../tests/chromium.ts'
import { serveEmptyPage } from './empty-page.ts'
import { atMost, type Figure, median, told } from './figure.ts'
import { type Served, startServer } from './served.ts'

/** Loads of each page, in turns, each by a browser that has never been there. */
const loads = 9
/** What else goes on on the machine only adds: of so many answers, the calmest counts. */
const answers = 4

export async function screen(folder: string, note: (line: string) => void): Promise<Figure[]> {
  if (!chromiumPath) {
    note('no Chromium here; CHROMIUM may name one')
    return [atMost('first screen, JavaScript gzipped', null, 'KB', 250)]
  }
  const chat = path.join(folder, 'chat.gguf')
  await writeGguf(chat, scriptedChat(longAnswer()))
  const server = await startServer(folder, { environment: { LLM_MODEL_PATH: chat } })
  try {
    await addText(server)
    await using empty = await serveEmptyPage(folder)
    const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
    try {
      return [...(await firstScreen(browser, server, empty.address, note)), ...(await streaming(browser, server, note))]
    } finally {
      await browser.close()
    }
  } finally {
    await server.stop()
  }
}

async function firstScreen(
  browser: Browser,
  server: Served,
  empty: string,
  note: (line: string) => void,
): Promise<Figure[]> {
  const ours: Load[] = []
  const theirs: Load[] = []
  for (let load = 0; load <= loads; load++) {
    const one = await visit(browser, server.url, '[data-main-field]')
    const other = await visit(browser, empty, '#root div')
    // The first one of each finds nothing read yet, not by the server either.
    if (load > 0) ours.push(one)
    if (load > 0) theirs.push(other)
  }
  const middle = (of: readonly Load[], value: (load: Load) => number) => median(of.map(value))
  const ratio = middle(ours, ({ paint }) => paint) / middle(theirs, ({ paint }) => paint)
  note(
    `first paint: ${ours.map(({ paint }) => Math.round(paint)).join(', ')}; empty: ${theirs.map(({ paint }) => Math.round(paint)).join(', ')} ms`,
  )
  return [
    atMost('first screen, JavaScript gzipped', Math.max(...ours.map(({ script }) => script)) / 1024, 'KB', 250),
    atMost('first contentful paint, of an empty page of Vite and React', ratio, '', 1.5),
    told(
      'first contentful paint',
      middle(ours, ({ paint }) => paint),
      'ms',
    ),
    told(
      'first contentful paint of the empty page',
      middle(theirs, ({ paint }) => paint),
      'ms',
    ),
    told(
      'the question can be typed',
      middle(ours, ({ ready }) => ready),
      'ms',
    ),
  ]
}

interface Load {
  /** Milliseconds from the navigation to the first contentful paint. */
  paint: number
  /** Until the selector was there. */
  ready: number
  /** Bytes of JavaScript, gzipped; the server sends them as they are, so they are compressed here. */
  script: number
}

async function visit(browser: Browser, url: string, selector: string): Promise<Load> {
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    const bodies: Promise<Buffer>[] = []
    page.on('response', response => {
      if (response.request().resourceType() === 'script') bodies.push(response.body())
    })
    await page.goto(url)
    await page.waitForSelector(selector)
    const ready = await page.evaluate(() => performance.now())
    // What it loads ahead of need counts too; the stream of events keeps the network from ever being idle.
    await page.waitForTimeout(200)
    const paint = await page.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
    )
    const script = (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0)
    return { paint, ready, script }
  } finally {
    await context.close()
  }
}

/** Without a document there is nothing to be asked. */
async function addText({ client }: Served): Promise<void> {
  const { projects } = await client.projects.list({})
  const projectId = projects[0]?.id ?? ''
  const added = await client.documents.addText({ projectId, name: 'Handbuch', text: longAnswer(), format: 'plain' })
  const documentId = added.document.id
  while ((await client.documents.get({ projectId, documentId })).state !== 'ready')
    await new Promise(resolve => setTimeout(resolve, 100))
}

async function streaming(browser: Browser, { url }: Served, note: (line: string) => void): Promise<Figure[]> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(url)
  const longest: LongestTask[] = []
  for (let round = 0; round < answers; round++) {
    const { wall, processor } = await longestTask(context, page)
    longest.push({ wall, processor })
    note(`longest task while an answer streams: ${wall.toFixed(1)} ms; by processor time ${processor.toFixed(1)} ms`)
  }
  await context.close()
  return [
    atMost('longest task of the page while an answer streams', Math.min(...longest.map(({ wall }) => wall)), 'ms', 50),
    // On a busy machine a task is interrupted more than it works.
    told('the same, by processor time', Math.min(...longest.map(({ processor }) => processor)), 'ms'),
  ]
}

/** Milliseconds. */
interface LongestTask {
  wall: number
  /** What the page's main thread worked in the task that took most of it. */
  processor: number
}

/** As the browser's own trace tells them; from pressing Enter to the end of the answer. */
async function longestTask(context: BrowserContext, page: Page): Promise<LongestTask> {
  await page.goto(page.url().replace(/#.*/, '#/'))
  await page.locator('[data-main-field]').fill('Was tut das erste Ventil im Keller?')
  const session = await context.newCDPSession(page)
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => void events.push(...(value as unknown as TraceEvent[])))
  await session.send('Tracing.start', {
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline'] },
  })
  await page.keyboard.press('Enter')
  const stop = page.locator('form button:has(.lucide-square)')
  await stop.waitFor()
  await stop.waitFor({ state: 'detached', timeout: 60_000 })
  const complete = new Promise(resolve => session.once('Tracing.tracingComplete', resolve))
  await session.send('Tracing.end')
  await complete
  await session.detach()
  const main = events.find(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
  const tasks = events.filter(({ name, tid }) => name === 'RunTask' && (main === undefined || tid === main.tid))
  if (tasks.length === 0) throw new Error('the trace holds no task')
  return {
    wall: Math.max(...tasks.map(({ dur = 0 }) => dur)) / 1000,
    processor: Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000,
  }
}

interface TraceEvent {
  name: string
  tid: number
  /** Microseconds, and those in which the thread worked. */
  dur?: number
  tdur?: number
  args?: { name?: string }
}

/** Some hundred words in sentences that differ. */
function longAnswer(): string {
  const rooms = ['im Keller', 'auf dem Dach', 'in der Halle', 'neben dem Tor', 'unter der Treppe']
  const parts = ['Ventil', 'Filter', 'Sieb', 'Lager', 'Rad', 'Band', 'Blatt', 'Seil']
  const verbs = ['öffnet', 'schützt', 'trägt', 'hält', 'kühlt', 'dreht']
  return Array.from({ length: 40 }, (_, at) => {
    const part = parts[at % parts.length]
    return `Das ${part} ${rooms[at % rooms.length]} ${verbs[at % verbs.length]} die Leitung ${at + 1} [1].`
  }).join(' ')
}
