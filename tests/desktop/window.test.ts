/** The window of the desktop, from a document to its answer, with its server killed, and with a page that has turned against its user. */
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { de } from '../../renderer/messages/de.ts'
import { faults, launch } from '../browser/browser.ts'
import { drop } from '../browser/drop.ts'
import { clubManual } from '../browser/manuals.ts'
import { chromiumPath } from '../chromium.ts'
import { builtProgram } from '../program.ts'
import { attempts, demands } from './hostile.ts'
import { type StartedDesktop, startDesktop } from './start-desktop.ts'
import { type OpenedWindow, openWindow } from './window.ts'

const why = chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'
if (!chromiumPath && process.env.CI === 'true') throw new Error('CI has no Chromium for the test of the window')

let browser: Browser
beforeAll(async () => {
  if (chromiumPath) browser = await launch()
})
afterAll(() => browser?.close())

describe.skipIf(!chromiumPath)(`the window of the desktop${why}`, () => {
  const manual = clubManual()
  let desktop: StartedDesktop
  let window: OpenedWindow

  beforeAll(async () => {
    desktop = await startDesktop({ program: builtProgram })
    desktop.server.start()
    desktop.server.follow(server => window?.router.tellAll({ type: 'server', server }))
    window = await openWindow(browser, desktop)
    await window.page.getByText(de.ask.empty).waitFor()
  })
  afterAll(async () => {
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

  it('prints one answer with its question and its sources, and nothing beside it', async () => {
    const { page, called, router, id } = window
    await ask(manual.question)
    const turns = page.locator('article')
    await expect.poll(() => turns.locator('blockquote', { hasText: manual.sentence }).count()).toBe(2)
    let printed = 0
    window.printing = async () => {
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
      // The other turn, the document that is open, the way to other pages, what is there to be pressed.
      const [first, second] = [turns.nth(0), turns.nth(1)]
      expect(await first.locator('blockquote', { hasText: manual.sentence }).isVisible()).toBe(true)
      expect(await first.getByText(`${manual.file},`).last().isVisible()).toBe(true)
      for (const other of [
        second,
        page.locator('[data-main-field]'),
        page.locator(`[data-rendered="${manual.page}"]`),
        page.getByText(de.nav.library).first(),
        page.getByText(de.chat.print).first(),
      ])
        expect(await other.isVisible()).toBe(false)
      const look = await first.evaluate(element => {
        const { color } = getComputedStyle(element)
        return { color, ground: getComputedStyle(document.body).backgroundColor }
      })
      expect(look).toEqual({ color: 'rgb(0, 0, 0)', ground: 'rgb(255, 255, 255)' })
      printed += 1
    }
    await turns.nth(0).getByRole('button', { name: de.chat.print }).click()
    await expect.poll(() => printed).toBe(1)
    expect(called).toContain('print')
    await expect.poll(() => page.locator('[data-print]').count()).toBe(0)
    await page.emulateMedia({ media: null, colorScheme: 'light' })
    router.tell(id, { type: 'go', hash: '#/' })
  })

  it('takes what the system hands over, and goes where a link into it leads', async () => {
    const { page, handed, router, id } = window
    const file = path.join(desktop.folder, 'Frist.txt')
    await writeFile(file, 'Die Frist für den Einspruch beträgt drei Wochen.\n')
    await handed.offer([file], () => router.tell(id, { type: 'handed' }))
    router.tell(id, { type: 'go', hash: '#/?q=Wie+lange%3F' })
    // To be read, and sent by whoever did.
    await expect.poll(() => window.page.locator('[data-main-field]').inputValue()).toBe('Wie lange?')
    router.tell(id, { type: 'go', hash: '#/library' })
    await row('Frist.txt').and(page.locator('[data-state=ready]')).waitFor()
    // It was there already: said as of any other file.
    await handed.offer([file], () => router.tell(id, { type: 'handed' }))
    const panel = page.getByRole('region', { name: de.upload.title })
    await panel.getByText(de.upload.known_one).waitFor()
    await writeFile(path.join(desktop.folder, 'Bild.xyz'), 'nothing that is read')
    await rm(file)
    await handed.offer([path.join(desktop.folder, 'Bild.xyz')], () => router.tell(id, { type: 'handed' }))
    await panel.getByText(de.upload.wrongKind).waitFor()
    await panel.getByRole('button', { name: de.app.dismiss }).click()
  })

  it('shows how far a file is, and has none of it when it is stopped, or the page is loaded anew', async () => {
    const { page, pace, handed, called } = window
    const panel = page.getByRole('region', { name: de.upload.title })
    const size = 3_000_000
    const pieces = Math.ceil(size / (64 * 1024))
    let read = 0
    // Slowly, so that it is told how far it is; in the middle it stands, until it is let go on.
    let gate = Promise.withResolvers<void>()
    pace.chunk = async () => {
      read += 1
      if (read > pieces / 2) await gate.promise
      else await setTimeout(50)
    }
    const send = (name: string) => drop(page, name, new Uint8Array(size).fill(97))
    const percent = de.upload.sending.split('}}').at(-1)!
    const partly = async () => /[1-9]\d? %/.test(await panel.innerText().catch(() => '')) || panel.innerText()
    await send('Halb.txt')
    await panel.getByText(percent).waitFor()
    await expect.poll(partly).toBe(true)
    await panel.getByRole('button', { name: de.upload.stop }).click()
    await expect.poll(() => called).toContain('breakOff')
    gate.resolve()
    // As Electron does it, to the end.
    await expect.poll(() => read).toBeGreaterThan(pieces)
    read = 0
    gate = Promise.withResolvers()
    await send('Auch halb.txt')
    await expect.poll(partly).toBe(true)
    // What comes while no page is there is taken by the next one.
    const file = path.join(desktop.folder, 'Dazwischen.txt')
    await writeFile(file, 'Dazwischen kam noch etwas.')
    await Promise.all([page.reload(), handed.offer([file], () => {})])
    await row('Dazwischen.txt').and(page.locator('[data-state=ready]')).waitFor()
    gate.resolve()
    await expect.poll(() => read).toBeGreaterThan(pieces)
    expect(await page.locator('[data-document]', { hasText: /halb/i }).count()).toBe(0)
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

  it('asks once about updates, when something was answered and is not being read, and has settings of its own', async () => {
    const { page, called, router, id } = window
    const question = page.getByText(de.desktop.updates.askShort)
    router.tell(id, { type: 'go', hash: '#/' })
    await question.waitFor()
    await page.locator('nav').getByRole('link', { name: manual.question }).first().click()
    await question.waitFor({ state: 'detached' })
    router.tell(id, { type: 'go', hash: '#/settings' })
    await page.getByText(de.desktop.updates.ask).waitFor()
    expect(await question.count()).toBe(0)
    router.tell(id, { type: 'go', hash: '#/' })
    await page.getByRole('button', { name: de.desktop.updates.no, exact: true }).click()
    await page.getByText(de.desktop.updates.askShort).waitFor({ state: 'detached' })
    expect(called).toContain('chooseUpdate off')
    window.router.tell(window.id, { type: 'go', hash: '#/settings' })
    const tray = page.getByLabel(de.desktop.tray)
    await tray.uncheck()
    await expect.poll(() => tray.isChecked()).toBe(false)
    const keys = page.getByLabel(de.desktop.keys)
    await expect.poll(() => keys.inputValue()).toBe(de.desktop.keysNone)
    await page.getByText(de.desktop.keysAsked).waitFor()
    await keys.press('Control+Shift+Space')
    await expect.poll(() => keys.inputValue()).toBe('Strg + Umschalt + Leertaste')
    await page.getByText(de.desktop.updates.off).waitFor()
    expect(await page.getByText(de.settings.signOut).count()).toBe(0)
    expect(await faults(page)).toEqual([])
  })

  it('asks for the passphrase of the key, and speaks of it where there is something to say', async () => {
    const { page, router, id } = window
    router.tell(id, { type: 'go', hash: '#/settings?part=key' })
    const part = page.locator('div', { has: page.locator('> #part-key') })
    await part.getByText(de.desktop.key.none).waitFor()
    await part.getByRole('button', { name: de.desktop.key.protect }).click()
    const [first, second] = [
      part.getByLabel(de.desktop.key.passphrase1, { exact: true }),
      part.getByLabel(de.desktop.key.passphrase2),
    ]
    expect(await first.getAttribute('type')).toBe('password')
    const send = async (one: string, other: string) => {
      await first.fill(one)
      await second.fill(other)
      await part.getByRole('button', { name: de.desktop.key.protect }).click()
    }
    await send('neun alte Kamele', 'neun alte Kühe')
    await part.getByText(de.desktop.key.differs).waitFor()
    await send('kurz', 'kurz')
    await part.getByText(de.error['passphrase-short'].split('{{')[0] ?? '').waitFor()
    expect(await faults(page)).toEqual([])
    await send('neun alte Kamele', 'neun alte Kamele')
    await part.getByText(de.desktop.key.passphrase, { exact: true }).waitFor()

    // At the next start.
    const again = await openWindow(browser, desktop)
    const notice = again.page.getByRole('status').filter({ hasText: de.desktop.key.locked })
    await notice.getByRole('link', { name: de.desktop.key.enter }).click()
    const locked = again.page.locator('div', { has: again.page.locator('> #part-key') })
    await locked.getByText(de.desktop.key.lockedDetail).waitFor()
    await expect.poll(() => again.page.evaluate(() => document.activeElement?.id)).toBe('part-key')
    expect(await faults(again.page)).toEqual([])
    const unlock = async (passphrase: string) => {
      await locked.getByLabel(de.desktop.key.passphrase1, { exact: true }).fill(passphrase)
      await locked.getByRole('button', { name: de.desktop.key.unlock }).click()
    }
    await unlock('neun alte Kühe')
    await locked.getByText(de.error['passphrase-wrong']).waitFor()
    await unlock('neun alte Kamele')
    await locked.getByText(de.desktop.key.passphrase, { exact: true }).waitFor()
    await notice.waitFor({ state: 'detached' })
    expect(again.complaints).toEqual([])
    await again.close()
  })

  it('goes back to the version before, and takes models over from a folder, where somebody says so', async () => {
    const { page, called, router, id } = window
    router.tell(id, { type: 'go', hash: '#/settings?part=updates' })
    const filled = (text: string, version: string) => text.replace('{{version}}', version)
    await page.getByRole('button', { name: filled(de.desktop.updates.back, '0.0.9') }).click()
    await page.getByRole('dialog').getByText(de.desktop.updates.backLead).waitFor()
    await page.getByRole('button', { name: de.desktop.updates.backGo }).click()
    await expect.poll(() => called).toContain('chooseUpdate back')
    const ready = { name: 'ready' as const, version: '1.2.0', notes: '', back: false }
    router.tell(id, { type: 'updates', updates: { ...ready, waiting: true } })
    await page.getByText(filled(de.desktop.updates.waiting, '1.2.0')).waitFor()
    router.tell(id, { type: 'updates', updates: { name: 'none' } })
    await page.getByText(de.desktop.updates.none).waitFor()
    expect(await page.getByRole('button', { name: de.desktop.updates.check }).count()).toBe(0)

    router.tell(id, { type: 'go', hash: '#/models' })
    await page.getByRole('button', { name: de.models.add }).first().click()
    await page.getByRole('menuitem', { name: de.models.addFolder }).click()
    await expect.poll(() => called).toContain('takeModels')
    router.tell(id, { type: 'taking', taking: { file: 'chat.gguf', part: 0.42 } })
    const progress = page.getByRole('status').filter({ hasText: 'chat.gguf' })
    await expect.poll(() => progress.innerText()).toContain('42 %')
    expect(await faults(page)).toEqual([])
    await page.getByRole('button', { name: de.upload.stop }).click()
    await expect.poll(() => called).toContain('stopTakingModels')
    router.tell(id, { type: 'taking', taking: null })
    await progress.waitFor({ state: 'detached' })
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
    const questionOf = (round: number) => `Wie lang ist die Frist für den Einspruch? (${round})`
    const again = page.getByRole('button', { name: de.chat.again })
    for (const round of [1, 2]) {
      const answer = page
        .locator('article', { hasText: questionOf(round) })
        .locator('blockquote', { hasText: 'drei Wochen' })
      const killed = desktop.server.pid
      if (round === 1) {
        process.kill(killed ?? 0, 'SIGKILL')
        // Asked of a server that is no more, or not yet.
        await page.getByRole('link', { name: de.nav.ask }).click()
        await ask(questionOf(round))
        // Of one that was taken by a server at its end nobody knows whether it arrived: that is said, and it may be asked again.
        await answer.or(again).first().waitFor()
        if ((await answer.count()) === 0) await again.click()
      } else {
        await page
          .locator('nav')
          .getByRole('link', { name: questionOf(1) })
          .click()
        // One that never arrives in its chat is asked again, and not the one before it.
        await page.route(/\/ask$/, route => route.abort(), { times: 1 })
        await ask(questionOf(round))
        await page.getByText(de.chat.failed).waitFor()
        process.kill(killed ?? 0, 'SIGKILL')
        await page.getByText(de.chat.interruptedEmpty).waitFor()
        await again.click()
      }
      await answer.waitFor()
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

describe.skipIf(!chromiumPath)(`a desktop without documents${why}`, () => {
  let desktop: StartedDesktop

  beforeAll(async () => {
    desktop = await startDesktop({ program: builtProgram })
  })
  afterAll(() => desktop?.remove())

  it('says what is waited for while the library is not open, has nothing to be pressed then, and goes on by itself', async () => {
    const other = await openWindow(browser, desktop)
    const { page, router, id } = other
    router.tell(id, { type: 'server', server: { name: 'stopped', safe: { reason: { code: 'data-damaged' } } } })
    const said = page.getByRole('status')
    await said.filter({ hasText: de.desktop.safe }).filter({ hasText: de.error['data-damaged'] }).waitFor()
    router.tell(id, { type: 'server', server: { name: 'stopped', alone: { doing: 'checking', part: 0.5 } } })
    await said.filter({ hasText: de.desktop.lone.checking.replace('{{far}}', ' (50 %)') }).waitFor()
    expect([await said.count(), await page.getByRole('button').count()]).toEqual([1, 0])
    expect(await faults(page)).toEqual([])
    // It was about to run, and is not there when it is asked: what the page began with has failed.
    router.tell(id, { type: 'server', server: { name: 'starting', attempt: 0, doing: 'opening', late: false } })
    await said.filter({ hasText: de.desktop.doing.opening }).waitFor()
    await page.locator('main[data-failed]').waitFor()
    expect(await page.getByRole('button').count()).toBe(0)
    desktop.server.follow(server => router.tell(id, { type: 'server', server }))
    desktop.server.start()
    await page.getByText(de.ask.empty).waitFor()

    // What is looked at for the first time meanwhile.
    await desktop.server.stop()
    router.tell(id, { type: 'server', server: { name: 'stopped', alone: { doing: 'moving', part: 0.25 } } })
    await page.getByRole('link', { name: de.nav.library }).first().click()
    const moving = said.filter({ hasText: de.desktop.lone.moving.replace('{{far}}', ' (25 %)') })
    await moving.waitFor()
    await page.getByText(de.app.loading).waitFor()
    expect(await page.getByText(de.app.offline).count()).toBe(0)
    expect(await page.getByText(de.desktop.unreachable).count()).toBe(0)
    desktop.server.start()
    await page.getByText(de.library.none).waitFor({ state: 'attached' })
    await moving.waitFor({ state: 'detached' })
    expect(other.complaints).toEqual([])
    await other.close()
  })

  it('leads from the small window to the large one where there are no documents yet', async () => {
    desktop.server.start()
    const quick = await openWindow(browser, desktop, { quick: true })
    await quick.page.getByText(de.desktop.quickEmpty).waitFor()
    expect(await quick.page.locator('input[type=file]').count()).toBe(0)
    expect(await faults(quick.page)).toEqual([])
    await quick.page.getByRole('button', { name: de.desktop.quickAdd }).click()
    await expect.poll(() => quick.called).toEqual(['openLibrary'])
    await quick.close()
  })

  describe('a page that has turned against its user', () => {
    let window: OpenedWindow

    beforeAll(async () => {
      desktop.server.start()
      window = await openWindow(browser, desktop)
      await window.page.getByText(de.ask.empty).waitFor()
      await window.page.evaluate('globalThis.isHere = true')
    })
    afterAll(() => window?.close())

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
})
