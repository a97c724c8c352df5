/** Any process of the desktop is killed, a hundred times, while documents come in and the page is open: what is lost, and whether the page goes on. */
import { setTimeout as pause } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { chromiumPath } from '../tests/chromium.ts'
import type { StartedDesktop } from '../tests/desktop/start-desktop.ts'
import { openWindow } from '../tests/desktop/window.ts'
import { childrenOf, clientOf, countOf, documents, pageOf, send } from './desktop.ts'
import { atMost, type Figure, Missing, median, told } from './figure.ts'

const kills = 100

export async function measureKills(desktop: StartedDesktop, note: (line: string) => void): Promise<Figure[]> {
  if (!chromiumPath) throw new Missing('no Chromium here for the page of the window; CHROMIUM may name one')
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
  const others = await childrenOf(process.pid)
  desktop.server.start()
  const client = clientOf(desktop)
  const before = (await countOf(client)).all
  const projectId = (await client.projects.list()).projects[0].id
  try {
    const window = await openWindow(browser, desktop)
    const { page } = window
    desktop.server.follow(server => window.router.tellAll({ type: 'server', server }))
    await page.locator('a[href="#/library"]').first().click()
    await page.locator('[data-document]').first().waitFor()
    // Gone, should it ever be loaded anew.
    await page.evaluate('window.kept = true')

    let going = true
    let given = 0
    let taken = 0
    /** As somebody does who tries again until it is taken: the same bytes are the same document. */
    const insist = async (name: string, text: string) => {
      for (;;) {
        const answer = await send(desktop, projectId, name, text).catch(() => undefined)
        await answer?.body?.cancel()
        if (answer?.ok) break
        await pause(20)
      }
      taken += 1
    }
    const adding = (async () => {
      while (going) {
        const number = documents + ++given
        await insist(`Vertrag ${number}.txt`, pageOf(number))
        await pause(100)
      }
    })()
    const back: number[] = []
    let servers = 0
    for (let kill = 1; kill <= kills; kill++) {
      await pause(200 + Math.random() * 800)
      const ours = (await childrenOf(process.pid)).filter(pid => !others.includes(pid))
      // The server is one of one, two or three: half of the time it is its turn.
      const pid = Math.random() < 0.5 ? desktop.server.pid : ours[Math.floor(Math.random() * ours.length)]
      if (pid === undefined) continue
      if (pid === desktop.server.pid) servers += 1
      process.kill(pid, 'SIGKILL')
      const began = performance.now()
      await insist(`Nach ${kill}.txt`, `Nach dem Ende Nummer ${kill} ging es weiter.`)
      await page
        .locator('[data-document][data-state=ready]', { hasText: `Nach ${kill}.txt` })
        .waitFor({ timeout: 60_000 })
      back.push((performance.now() - began) / 1000)
      if (kill % 10 === 0) note(`${kill} kills, ${servers} of the server, ${taken} documents taken`)
    }
    going = false
    await adding
    const deadline = performance.now() + 120_000
    let now = await countOf(client)
    while (now.ready < now.all && performance.now() < deadline) {
      await pause(500)
      now = await countOf(client)
    }
    const reloaded = (await page.evaluate('window.kept')) === true ? 0 : 1
    for (const complaint of window.complaints) note(`the page: ${complaint}`)
    await window.close()
    return [
      told('kills of the server', servers, `of ${kills}`),
      told('documents taken meanwhile', taken, ''),
      atMost('of them lost, or there twice', Math.abs(now.all - before - taken), '', 0),
      atMost('not read in the end', now.all - now.ready, '', 0),
      atMost('times that the page had to be loaded anew', reloaded, '', 0),
      told('from a kill until the page shows what was added and read after it, median', median(back), 's'),
      atMost('the same, slowest', Math.max(...back), 's', 30),
    ]
  } finally {
    await browser.close()
    await desktop.stop()
  }
}
