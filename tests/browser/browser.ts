import axe from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Page, type Route } from 'playwright-core'
import { expect, vi } from 'vitest'
import { chromiumPath } from '../chromium.ts'

export async function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox'] })
}

// A case here is many steps, each of which may wait for a server that shares its cores with other files. With pages slowed four times, on two
// cores with twenty things to do at a time, one took more than 60 s. What hangs is said by the step that does.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

/** `BROWSER_SLOWED=4`: pages compute four times as slowly, as on a machine that is busy with all the other tests. */
const slowed = Number(process.env.BROWSER_SLOWED ?? 1)

/** A page of a visitor that nobody knows yet. What it complains about is gathered, and must be nothing. */
export async function visit(
  browser: Browser,
  options: BrowserContextOptions,
): Promise<Page & { complaints: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  if (slowed > 1) {
    const cdp = await context.newCDPSession(page)
    await cdp.send('Emulation.setCPUThrottlingRate', { rate: slowed })
  }
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    // The browser's own note on a refusal that the page shows in words.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text())
  })
  page.on('request', request => {
    const { protocol, hostname } = new URL(request.url())
    // Passkeys are made for names.
    const here = hostname === '127.0.0.1' || hostname === 'localhost'
    if (protocol.startsWith('http') && !here) complaints.push(`asked for ${request.url()}`)
  })
  return Object.assign(page, { complaints })
}

/**
 * What axe finds on the page as it is, a line for each; in light and in dark, where only what is about colours can differ: the rest of the
 * page is the same one, which has no frames of others. Axe comes into a page once, as reading its half a megabyte is most of a look.
 */
export async function faults(page: Page): Promise<string[]> {
  const found: string[] = []
  // Until it has its heading the page is still coming.
  await page.locator('h1').first().waitFor({ state: 'attached' })
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe.source)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    found.push(...(await page.evaluate(look, colorScheme)))
  }
  await page.emulateMedia({ colorScheme: 'light' })
  return found
}

declare global {
  interface Window {
    axe: typeof axe
  }
}

/** In the page. */
async function look(colorScheme: 'light' | 'dark'): Promise<string[]> {
  const ofColours = ['color-contrast', 'link-in-text-block']
  const { violations } = await window.axe.run(document, {
    resultTypes: ['violations'],
    ...(colorScheme === 'dark' && { runOnly: { type: 'rule', values: ofColours } }),
  })
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${colorScheme} ${id}: ${html.slice(0, 160)} (${failureSummary})`),
  )
}

export interface Held {
  /** What was sent and still waits for its answer, or got it. */
  readonly sent: unknown[]
  /** Lets the oldest that waits go its way; once there is one. */
  release(): Promise<void>
  /** Breaks the oldest that waits off before the server sees it. */
  refuse(): Promise<void>
  end(): Promise<void>
}

/** Holds what the page writes to such an address, as a slow network would. */
export async function hold(page: Page, address: RegExp): Promise<Held> {
  const sent: unknown[] = []
  const waiting: Route[] = []
  const handler = async (route: Route) => {
    const request = route.request()
    if (request.method() === 'GET') return route.fallback()
    sent.push(request.postDataJSON())
    waiting.push(route)
  }
  await page.route(address, handler)
  const oldest = async () => {
    await expect.poll(() => waiting.length).toBeGreaterThan(0)
    return waiting.shift()!
  }
  return {
    sent,
    async release() {
      const route = await oldest()
      const answered = page.waitForResponse(response => response.request() === route.request())
      await route.continue()
      await answered
    },
    async refuse() {
      await (await oldest()).abort()
    },
    end: () => page.unroute(address, handler),
  }
}

/**
 * How the first mark on a PDF page lies on what is printed, in pixels of its canvas: what of the ink around it (so many
 * points each way: fewer than to the next line) lies inside, and how much of its width the ink spans.
 */
export async function inkUnderMark(page: Page, around = 6): Promise<{ inside: number; outside: number; span: number }> {
  return page.evaluate(around => {
    const canvas = document.querySelector<HTMLCanvasElement>('[data-page] canvas')
    const mark = document.querySelector('[data-mark]')
    if (!canvas || !mark) throw new Error('no canvas or no mark')
    const shown = canvas.getBoundingClientRect()
    const box = mark.getBoundingClientRect()
    const sharpness = canvas.width / shown.width
    const border = Math.round(around * (shown.width / 595) * sharpness)
    const left = Math.round((box.left - shown.left) * sharpness)
    const top = Math.round((box.top - shown.top) * sharpness)
    const width = Math.round(box.width * sharpness)
    const height = Math.round(box.height * sharpness)
    const area = { x: left - border, y: top - border, width: width + 2 * border, height: height + 2 * border }
    const { data } = canvas.getContext('2d')!.getImageData(area.x, area.y, area.width, area.height)
    let inside = 0
    let outside = 0
    let first = width
    let last = 0
    for (let y = 0; y < area.height; y++) {
      for (let x = 0; x < area.width; x++) {
        if ((data[4 * (y * area.width + x)] ?? 255) > 128) continue
        const across = x - border
        if (across >= 0 && across < width && y >= border && y < border + height) {
          inside += 1
          first = Math.min(first, across)
          last = Math.max(last, across)
        } else outside += 1
      }
    }
    return { inside, outside, span: (last - first) / width }
  }, around)
}
