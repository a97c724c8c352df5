/**
 * The desktop under Electron's own program, which `ELECTRON_OVERRIDE_DIST_PATH` names or `npx install-electron` has fetched. Without it none of
 * this runs, and that is said; everything else about the desktop is tested without.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ElectronApplication, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { webPreferences } from '../../main/safety/web-preferences.ts'
import { isStaged, stageHere } from '../../scripts/desktop/checkout.ts'
import { root } from '../../scripts/desktop/root.ts'
import { scriptedChat, tinyEmbedder } from '../../scripts/tiny-models.ts'
import { writeGguf } from '../../scripts/write-gguf.ts'
import { drop } from '../browser/drop.ts'
import { clubManual, longManual } from '../browser/manuals.ts'
import { canTrace, possible, startWithoutNetwork } from '../http/without-network.ts'
import { electron, openApplication, startSecond } from './electron-app.ts'
import { attempts, demands } from './hostile.ts'
import { answer, brought, file } from './offline-life.ts'

let cases = 0
/** A case that needs the program; `but`: why it does not run even so. */
function test(name: string, run: () => Promise<void>, { but = '', time = 180_000 } = {}): void {
  cases += 1
  it.skipIf(!electron.isThere || but !== '')(but === '' ? name : `${name} (skipped: ${but})`, run, time)
}

const folders: string[] = []
async function makeFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'cloister-e-')))
  folders.push(folder)
  return folder
}

beforeAll(async () => {
  if (electron.isThere && !(await isStaged())) expect(await stageHere()).toBe(0)
}, 300_000)
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

describe('the desktop under Electron', () => {
  const manual = clubManual()
  let folder: string
  let app: ElectronApplication
  let page: Page

  beforeAll(async () => {
    if (!electron.isThere) return
    folder = await makeFolder()
    ;({ app, page } = await openApplication(folder))
  }, 240_000)
  afterAll(() => app?.close())

  const row = (name: string) => page.locator('[data-document]', { hasText: name })
  const ready = (name: string) => row(name).and(page.locator('[data-state=ready]'))
  const go = (hash: string) => page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  const ask = async (question: string) => {
    await go('#/')
    await page.locator('[data-main-field]').fill(question)
    await page.keyboard.press('Enter')
  }
  const pidOf = (name: string) =>
    app.evaluate(({ app }, name) => app.getAppMetrics().find(metric => metric.name === name)?.pid, name)

  test('shows its page over a server that is ready, and listens on no port', async () => {
    expect(page.url()).toMatch(/^app:\/\/bundle\//)
    expect(await page.evaluate(`fetch('/api/v1/session').then(({ status }) => status)`)).toBe(200)
    expect(await pidOf('Cloister server')).toBeGreaterThan(0)
    const told = JSON.parse(await readFile(path.join(folder, 'data/server.json'), 'utf8')) as { address: unknown }
    expect(told.address).toBeNull()
    const shown = () => app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map(one => one.isVisible()))
    await expect.poll(shown).toEqual([true])
  })

  test('gives its page what was promised, and nothing else', async () => {
    const preferences = await app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]?.webContents
      // For Electron's own tests: in none of its documents.
      const { getLastWebPreferences } = contents as unknown as {
        getLastWebPreferences?(this: unknown): Record<string, unknown> | null
      }
      const found = getLastWebPreferences?.call(contents)
      return found ? (JSON.parse(JSON.stringify(found)) as Record<string, unknown>) : undefined
    })
    for (const [name, value] of Object.entries(webPreferences))
      if (preferences && name in preferences) expect({ [name]: preferences[name] }).toEqual({ [name]: value })
    expect(
      await page.evaluate(`[typeof require, typeof process, typeof module, typeof Buffer, typeof window.cloister]`),
    ).toEqual(['undefined', 'undefined', 'undefined', 'undefined', 'object'])
    // In a world of its own: what the page does to its objects the bridge does not see.
    expect(await page.evaluate(`'ipcRenderer' in window || 'electron' in window`)).toBe(false)
    const pid = await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId(),
    )
    if (process.platform === 'linux' && process.getuid?.() !== 0) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8')
      expect(/^Seccomp:\s*(\d)/m.exec(status)?.[1]).toBe('2')
    } else if (process.platform !== 'linux') {
      const sandboxed = await app.evaluate(
        ({ app }, pid) => app.getAppMetrics().find(metric => metric.pid === pid)?.sandboxed,
        pid,
      )
      expect(sandboxed).toBe(true)
    }
  })

  test('takes what is dropped and what is chosen, byte by byte, and answers with a citation by a model', async () => {
    await go('#/models')
    const model = path.join(folder, 'chat.gguf')
    await writeGguf(model, scriptedChat(`${manual.sentence.slice(0, -1)} [1].`))
    await page.locator('[data-picker=model]').setInputFiles(model)
    await page.locator('[data-model="chat.gguf"]').waitFor()
    await go('#/library')
    await drop(page, manual.file, manual.bytes)
    await ready(manual.file).waitFor()
    // With a path of its own, Chromium hands on the file and not what is in it.
    const large = Array.from(
      { length: 60_000 },
      (_, at) => `Zeile ${at}: ${createHash('md5').update(`${at}`).digest('hex')}\n`,
    )
    const chosen = path.join(folder, 'groß.txt')
    await writeFile(chosen, large.join(''))
    await page.locator('[data-picker=files]').first().setInputFiles(chosen)
    await row('groß.txt').waitFor()
    const hashes = await page.evaluate(`(async () => {
      const get = at => fetch('/api/v1/projects' + at)
      const [{ id }] = (await (await get('')).json()).projects
      const { documents } = await (await get('/' + id + '/documents')).json()
      const found = {}
      for (const document of documents) {
        const bytes = await (await get('/' + id + '/documents/' + document.id + '/original')).arrayBuffer()
        const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
        found[document.name] = [...hash].map(byte => byte.toString(16).padStart(2, '0')).join('')
      }
      return found
    })()`)
    const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')
    expect(hashes).toMatchObject({ [manual.file]: sha256(manual.bytes), 'groß.txt': sha256(large.join('')) })
    await ask(manual.question)
    await page.locator('[data-writer]').waitFor()
    expect(await page.locator('[data-answer]').last().innerText()).toContain(manual.sentence.slice(0, -1))
    await page.locator('[data-citation="1"]').first().click()
    await page.locator(`[data-rendered="${manual.page}"]`).waitFor()
  })

  test('has none of a file that is stopped on its way', async () => {
    await go('#/library')
    const chosen = path.join(folder, 'Halb.txt')
    await writeFile(chosen, 'Die Frist beträgt drei Wochen.\n'.repeat(10_000_000))
    await page.locator('[data-picker=files]').first().setInputFiles(chosen)
    const panel = page.getByRole('region', { name: de.upload.title })
    await panel.getByText('Halb.txt').waitFor()
    await panel.getByRole('button', { name: de.upload.stop }).click()
    await drop(page, 'Danach.txt', new TextEncoder().encode('Danach ging es weiter.'))
    await ready('Danach.txt').waitFor()
    expect(await row('Halb.txt').count()).toBe(0)
  })

  test(
    'hands no variable of its own on to what reads strangers’ files and runs strangers’ models',
    async () => {
      const metrics = await app.evaluate(({ app }) => app.getAppMetrics().map(({ name = '', pid }) => ({ name, pid })))
      const others = metrics.filter(({ name }) => name.startsWith('Cloister ') && name !== 'Cloister server')
      expect(others.map(({ name }) => name)).toContain('Cloister model')
      for (const { name, pid } of others) {
        const entries = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0')
        expect({ name, has: entries.filter(entry => /^(?:HOME|PATH|LANG)=/.test(entry)) }).toEqual({ name, has: [] })
      }
    },
    { but: process.platform === 'linux' ? '' : 'no other system tells' },
  )

  /** Still the same page, in the one window, and nothing in it that was not. */
  async function expectUnharmed(): Promise<void> {
    expect(await page.evaluate('globalThis.isHere === true')).toBe(true)
    expect(page.url()).toMatch(/^app:\/\/bundle\//)
    expect(await page.title()).not.toBe('evil')
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
    for (const frame of page.frames().slice(1)) expect(frame.url()).not.toContain('evil.example')
  }

  /** Whoever refused something: the guards in the log, the policy, or Chromium on the page's console. */
  async function refusals(): Promise<number> {
    const log = await app.evaluate(({ app }) => `${app.getPath('userData')}/logs/desktop.log`)
    const logged = (await readFile(log, 'utf8').catch(() => '')).match(/"msg":"refused /g)?.length ?? 0
    return logged + Number(await page.evaluate('globalThis.violations')) + complaints
  }

  let complaints = 0
  for (const [name, script] of attempts)
    test(`does not let its page get to ${name}`, async () => {
      await page.evaluate(`
        globalThis.isHere = true
        globalThis.violations = 0
        document.addEventListener('securitypolicyviolation', () => { violations += 1 })`)
      const count = (message: { type(): string }) => {
        if (message.type() === 'error') complaints += 1
      }
      page.on('console', count)
      const before = await refusals()
      await page.evaluate(`(() => { ${script} })()`).catch(() => {})
      await expect.poll(refusals).toBeGreaterThan(before)
      page.off('console', count)
      await expectUnharmed()
    })

  for (const [name, script] of demands)
    test(`does not give its page ${name}`, async () => {
      await page.evaluate('globalThis.isHere = true')
      expect(await page.evaluate(`Promise.resolve().then(() => ${script}).then(() => 'given', () => 'refused')`)).toBe(
        'refused',
      )
      await expectUnharmed()
    })

  test('lets its page put text on the clipboard', async () => {
    await page.bringToFront()
    expect(await page.evaluate(`navigator.clipboard.writeText('a').then(() => 'given', String)`)).toBe('given')
  })

  test('starts a server again that was killed; the page goes on by itself', async () => {
    const killed = await pidOf('Cloister server')
    process.kill(killed ?? 0, 'SIGKILL')
    await ask(`${manual.question} Und heute?`)
    await page.locator('[data-writer]').waitFor()
    expect(await pidOf('Cloister server')).not.toBe(killed)
    await go('#/library')
    await ready(manual.file).waitFor()
  })

  test('takes what a second start was given, which ends at once', async () => {
    await writeFile(path.join(folder, 'Frist.txt'), 'Die Frist für den Einspruch beträgt drei Wochen.\n')
    expect(await startSecond(folder, ['Frist.txt'])).toBe(0)
    await go('#/library')
    await ready('Frist.txt').waitFor()
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
  })

  test('shows the question of a link, and does not send it', async () => {
    expect(await startSecond(folder, ['cloister://ask?q=Wie%20lang%20ist%20die%20Frist%3F'])).toBe(0)
    await expect.poll(() => page.locator('[data-main-field]').inputValue()).toBe('Wie lang ist die Frist?')
  })

  test('shows its page anew when what showed it is gone', async () => {
    const [next] = await Promise.all([
      app.waitForEvent('window', { timeout: 60_000 }),
      app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer()),
    ])
    page = next
    page.setDefaultTimeout(60_000)
    await page.locator('[data-main-field]').waitFor()
    await go('#/library')
    await ready(manual.file).waitFor()
  })

  test(
    'ends in the middle of its work within three seconds, and goes on the next time',
    async () => {
      await go('#/library')
      await drop(page, 'lang.pdf', longManual(40))
      await row('lang.pdf').and(page.locator('[data-state=parsing]')).waitFor()
      const began = performance.now()
      await app.close()
      // Three, and what taking Electron down costs a busy machine.
      expect(performance.now() - began).toBeLessThan(10_000)
      ;({ app, page } = await openApplication(folder))
      await go('#/library')
      await ready(manual.file).waitFor()
      await ready('lang.pdf').waitFor({ timeout: 240_000 })
    },
    { time: 480_000 },
  )
})

describe('the desktop under Electron, without a network', () => {
  const hasIp = possible && spawnSync('ip', ['-V']).status === 0
  const but = possible && hasIp && canTrace ? '' : 'this machine has no unshare, ip or strace to watch it with'

  test(
    'does its work for two days, and does not try to leave',
    async () => {
      const folder = await makeFolder()
      const [chat, vectors] = brought
      await writeGguf(path.join(folder, chat), scriptedChat(answer))
      await writeGguf(path.join(folder, vectors), tinyEmbedder())
      await copyFile(path.join(root, 'samples', file), path.join(folder, file))
      for (const what of ['first', 'second']) {
        const { NODE_OPTIONS: _, ...env } = process.env
        const running = startWithoutNetwork(
          ['tests/desktop/electron-life.ts', what, folder],
          path.join(folder, what),
          { ...env, HOME: folder, TMPDIR: folder },
          { loopback: true },
        )
        const { code, stdout, stderr } = await running.finished
        expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) })
        const seen = JSON.parse(stdout) as { answer: string }
        expect(seen.answer).toContain('Die hygienische Händedesinfektion dauert 30 Sekunden')
        expect(await running.attempts()).toEqual([])
      }
    },
    { but, time: 480_000 },
  )
})

describe.skipIf(electron.isThere)('all of this', () => {
  const said = `0 of ${cases} ran: no binary (${electron.program} is missing; ELECTRON_OVERRIDE_DIST_PATH may name a folder with Electron, or npx install-electron fetches it)`
  if (!electron.isThere) process.stderr.write(`tests/desktop/electron.test.ts: ${said}\n`)
  it.skip(said, () => {})
})
