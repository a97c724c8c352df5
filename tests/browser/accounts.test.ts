/** Getting in, one's own account, members and the administration: in a real browser, on a real server with accounts, with real mails. */
import { createHmac } from 'node:crypto'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { en as words } from '../../renderer/messages/en.ts'
import { chromiumPath } from '../chromium.ts'
import { type AccountSite, openAccountSite, type Visitor } from './account-site.ts'
import { faults, hold } from './browser.ts'

const why = chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'
const anna = { email: 'anna@example.org', name: 'Anna Berger', password: 'seven purple lamps' }
const ben = { email: 'ben@example.org', name: 'Ben', password: 'nine yellow kettles' }
const { enter, account, administration, members, nav } = words

describe.skipIf(!chromiumPath)(`accounts${why}`, () => {
  let site: AccountSite
  let home: string
  let page: Visitor
  let other: Visitor
  let recoveryCodes: string[] = []
  let secret = ''
  let lastCode = ''
  const newVisitor = () => site.newVisitor()
  const linkTo = (email: string, kind: string) => site.linkTo(email, kind)

  beforeAll(async () => {
    site = await openAccountSite()
    home = site.home
    page = await newVisitor()
  })
  afterAll(() => site?.close())

  const filled = (pattern: string, values: Record<string, string | number>) =>
    pattern.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values[name]))
  const button = (name: string, where: Page = page) => where.getByRole('button', { name, exact: true })
  const heading = (name: string, where: Page = page) => where.getByRole('heading', { name, exact: true })
  const field = (label: string, where: Page = page) => where.getByLabel(label, { exact: true })
  const alert = (where: Page = page) => where.getByRole('alert')
  const inside = (where: Page = page) => where.getByRole('navigation', { name: words.app.navigation }).waitFor()
  const focusedText = (where: Page = page) =>
    where.evaluate(() => (document.activeElement as HTMLElement).innerText.trim())
  const open = async (hash: string, where: Page = page) => {
    await where.evaluate(to => location.assign(to), hash)
  }
  const chooseInMenu = async (item: string, name: string, where: Page = page) => {
    await button(filled(nav.accountOf, { name }), where).click()
    await where.getByRole('menuitem', { name: item, exact: true }).click()
  }
  const signOut = async (name: string, where: Page = page) => {
    await chooseInMenu(account.signOut, name, where)
    await heading(enter.title, where).waitFor()
  }
  const typePassword = async ({ email, password }: typeof anna, where: Page = page) => {
    await field(enter.email, where).fill(email)
    await field(enter.password, where).fill(password)
    await where.keyboard.press('Enter')
  }
  /** The code of an app now; of the next half minute where this one was used already. */
  const code = () => {
    const step = Math.floor(Date.now() / 30_000)
    const now = totp(secret, step)
    lastCode = now === lastCode ? totp(secret, step + 1) : now
    return lastCode
  }

  it('is set up by the link that the server printed, and by nobody without it', async () => {
    await page.goto(home)
    await page.getByText(enter.notSetUp).waitFor()
    expect(await faults(page)).toEqual([])
    // In the window that is open already.
    await page.goto(site.setUp)
    await heading(enter.setUpTitle).waitFor()
    expect(new URL(page.url()).hash).toBe('#/')
    await field(enter.email).fill(anna.email)
    await field(enter.name).fill(anna.name)
    await field(enter.password).fill('password1')
    await button(enter.showPassword).click()
    await expect.poll(() => field(enter.password).getAttribute('type')).toBe('text')
    await expect.poll(() => field(enter.password).getAttribute('autocomplete')).toBe('new-password')
    await page.keyboard.press('Tab')
    await button(enter.setUpAction).click()
    await alert().waitFor()
    expect(await focusedText()).toBe(words.error['password-common'])
    expect(await faults(page)).toEqual([])
    await field(enter.password).fill(anna.password)
    await button(enter.setUpAction).click()
    await inside()
    await page.getByText(words.ask.emptyLeadServer).waitFor()
    expect(await faults(page)).toEqual([])
  })

  it('lets one out and in again, and says what was wrong in its place', async () => {
    await signOut(anna.name)
    await expect.poll(() => field(enter.email).getAttribute('autocomplete')).toBe('username')
    await expect.poll(() => field(enter.password).getAttribute('autocomplete')).toBe('current-password')
    await page.getByText(enter.byInvitation).waitFor()
    expect(await faults(page)).toEqual([])
    // With the word itself: a moment later the keyboard would be taken from who is typing again by then.
    await page.evaluate(() => {
      const watch = new MutationObserver(() => {
        const said = document.querySelector('[role=alert]')
        if (!said) return
        watch.disconnect()
        document.body.dataset.saidWithFocus = String(said.parentElement === document.activeElement)
      })
      watch.observe(document.body, { childList: true, subtree: true })
    })
    await typePassword({ ...anna, password: 'seven purple lamp' })
    await alert().waitFor()
    expect(await page.evaluate(() => document.body.dataset.saidWithFocus)).toBe('true')
    expect(await focusedText()).toBe(words.error['log-in-failed'])
    expect(await faults(page)).toEqual([])
    await typePassword(anna)
    await inside()
    await page.reload()
    await inside()
  })

  it('asks for a second factor once it is set up, and takes a recovery code instead', async () => {
    await chooseInMenu(nav.account, anna.name)
    await heading(account.title).waitFor()
    await page.getByText(account.here).waitFor()
    expect(await faults(page)).toEqual([])
    await button(account.secondBegin).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(enter.password, { exact: true }).fill('not it at all')
    await page.keyboard.press('Enter')
    await dialog.getByRole('alert').waitFor()
    expect(await focusedText()).toBe(words.error['password-incorrect'])
    await dialog.getByLabel(enter.password, { exact: true }).fill(anna.password)
    await page.keyboard.press('Enter')
    const key = page.locator('[data-totp-key]')
    await key.waitFor()
    secret = (await key.innerText()).replace(`${account.keyLabel}:`, '').replace(/\s/g, '')
    expect(secret).toMatch(/^[A-Z2-7]{16,}$/)
    await expect
      .poll(() => page.getByRole('link', { name: account.openApp }).getAttribute('href'))
      .toMatch(/^otpauth:\/\/totp\//)
    expect(await faults(page)).toEqual([])
    await field(enter.code).fill('000000')
    await page.keyboard.press('Enter')
    await dialog.getByRole('alert').waitFor()
    await field(enter.code).fill(code())
    await page.keyboard.press('Enter')
    await heading(account.recovery).waitFor()
    recoveryCodes = await dialog.getByRole('listitem').allInnerTexts()
    expect(new Set(recoveryCodes).size).toBeGreaterThanOrEqual(8)
    expect(await faults(page)).toEqual([])
    const saved = page.waitForEvent('download')
    await button(account.download).click()
    expect((await saved).suggestedFilename()).toBe(account.recoveryFile)
    await button(account.kept).click()
    await page.getByText(account.secondOn).waitFor()

    await signOut(anna.name)
    await typePassword(anna)
    await heading(enter.secondTitle).waitFor()
    await expect.poll(() => field(enter.code).getAttribute('autocomplete')).toBe('one-time-code')
    expect(await faults(page)).toEqual([])
    await field(enter.code).fill('000000')
    await page.keyboard.press('Enter')
    await alert().waitFor()
    expect(await focusedText()).toBe(words.error['code-wrong'])
    await field(enter.code).fill(code())
    await page.keyboard.press('Enter')
    await inside()

    await signOut(anna.name)
    await typePassword(anna)
    await button(enter.useRecovery).click()
    await field(enter.recoveryCode).fill(recoveryCodes[0] ?? '')
    await field(enter.trust).check()
    await page.keyboard.press('Enter')
    await inside()
    // This browser is not asked any more.
    await signOut(anna.name)
    await typePassword(anna)
    await inside()
  })

  it('adds a passkey and signs in with it', async () => {
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    await open('#/account')
    await button(account.passkeyAdd).click()
    await page.getByRole('dialog').getByLabel(account.passkeyName, { exact: true }).fill('Telephone')
    await page.keyboard.press('Enter')
    await button(`${account.remove} Telephone`).waitFor()
    await signOut(anna.name)
    await button(enter.passkey).click()
    await inside()
    await open('#/account')
    await button(`${account.remove} Telephone`).click()
    await page.getByRole('dialog').getByRole('button', { name: account.remove, exact: true }).click()
    await page.getByText(account.passkeysNone).waitFor()
    await cdp.send('WebAuthn.disable')
  })

  it('invites by mail, and whoever is invited registers', async () => {
    await chooseInMenu(nav.administration, anna.name)
    await page.locator(`[data-person="${anna.email}"]`).waitFor()
    expect(await faults(page)).toEqual([])
    await button(administration.invite).click()
    await field(administration.inviteEmail).fill(ben.email)
    expect(await faults(page)).toEqual([])
    await button(administration.inviteAction).click()
    await button(`${administration.uninvite} ${ben.email}`).waitFor()
    await page.getByText(filled(administration.invitedByMail, { email: ben.email })).waitFor()

    other = await newVisitor()
    const link = await linkTo(ben.email, 'invitation')
    await other.goto(link)
    await heading(enter.invitationTitle, other).waitFor()
    expect(new URL(other.url()).hash).toBe('#/')
    await other.getByText(filled(enter.invitedBy, { name: anna.name })).waitFor()
    await expect.poll(() => field(enter.email, other).inputValue()).toBe(ben.email)
    expect(await faults(other)).toEqual([])
    await field(enter.name, other).fill(ben.name)
    await field(enter.password, other).fill(ben.password)
    await other.keyboard.press('Enter')
    await inside(other)
    await button(filled(nav.accountOf, { name: ben.name }), other).click()
    await expect.poll(() => other.getByRole('menuitem').allInnerTexts()).toEqual([nav.account, account.signOut])
    await other.keyboard.press('Escape')
    await open('#/administration', other)
    await other.getByText(administration.denied).waitFor()

    const third = await newVisitor()
    await third.goto(link)
    await alert(third).getByText(words.error['invitation-invalid']).waitFor()
    expect(await faults(third)).toEqual([])
    await third.context().close()
  })

  it('shares a project with a member, who reads, and leaves it', async () => {
    await button(filled(nav.project, { name: words.app.firstProject })).click()
    await page.getByRole('menuitem', { name: members.menu }).click()
    const dialog = page.getByRole('dialog')
    // Nothing tells which of them has an account.
    for (const email of ['nobody@example.org', ben.email]) {
      await field(members.email).fill(email)
      await button(members.add).click()
      await dialog.locator(`[data-invitation="${email}"]`).waitFor()
    }
    await expect.poll(() => dialog.locator('[data-member]').count()).toBe(1)
    expect(await faults(page)).toEqual([])
    await dialog.locator('[data-invitation="nobody@example.org"]').getByRole('button').click()
    await dialog.locator('[data-invitation="nobody@example.org"]').waitFor({ state: 'detached' })
    await other.reload()
    await other.getByRole('region', { name: members.asked }).waitFor()
    expect(await faults(other)).toEqual([])
    await other.getByRole('button', { name: new RegExp(`^${members.accept}`) }).click()
    await other.getByRole('region', { name: members.asked }).waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')
    await button(filled(nav.project, { name: words.app.firstProject })).click()
    await page.getByRole('menuitem', { name: members.menu }).click()
    await dialog.locator('[data-member]', { hasText: ben.email }).waitFor()
    // Behind the dialog the administration has one of the same name, once it has been read anew.
    const role = dialog.getByLabel(filled(members.roleOf, { name: ben.name }), { exact: true })
    await role.selectOption('editor')
    await page.getByText(`${ben.name}: ${members.roles.editor}.`).waitFor()
    await role.selectOption('reader')
    await page.getByText(`${ben.name}: ${members.roles.reader}.`).waitFor()
    // One after the other while no answer comes: what was chosen last is what counts.
    const held = await hold(page, /\/members\/[^/]+$/)
    for (const one of ['editor', 'reader', 'editor'] as const) {
      await role.selectOption(one)
      await expect.poll(() => role.inputValue()).toBe(one)
    }
    await held.release()
    await held.release()
    expect(held.sent).toEqual([{ role: 'editor' }, { role: 'editor' }])
    await expect.poll(() => role.inputValue()).toBe('editor')
    await role.selectOption('reader')
    await held.refuse()
    await dialog.getByRole('alert').getByText(words.error['server-unreachable']).waitFor()
    await expect.poll(() => role.inputValue()).toBe('editor')
    await held.end()
    const [answer] = await Promise.all([
      page.waitForResponse(one => one.request().method() === 'PATCH'),
      role.selectOption('reader'),
    ])
    expect(await answer.json()).toMatchObject({ role: 'reader' })
    await dialog.getByRole('alert').waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')

    await open('#/library', other)
    await other.reload()
    const shared = filled(members.shared, { role: members.roles.reader })
    await other.getByRole('button', { name: /^Project: / }).click()
    await other.getByRole('menuitemradio', { name: shared }).click()
    await other.getByText(members.readOnly).waitFor()
    await expect.poll(() => other.locator('[data-picker=files]').count()).toBe(0)
    await other.getByRole('button', { name: /^Project: / }).click()
    await other.getByRole('menuitem', { name: members.menu }).click()
    await other.getByRole('dialog').locator('[data-member]', { hasText: anna.name }).waitFor()
    expect(await faults(other)).toEqual([])
    await button(members.leave, other).click()
    await other.getByText(filled(members.left, { name: words.app.firstProject })).waitFor()
    await other.getByRole('button', { name: /^Project: / }).click()
    await expect.poll(() => other.getByRole('menuitemradio').count()).toBe(1)
    await other.keyboard.press('Escape')
  })

  it('makes a key for a program, shows it once, and takes it back', async () => {
    await open('#/account', other)
    await button(account.keyAdd, other).click()
    await other.getByRole('dialog').getByLabel(account.keyName, { exact: true }).fill('Backup script')
    expect(await faults(other)).toEqual([])
    await button(account.keyMake, other).click()
    const key = await other.locator('[data-key]').innerText()
    expect(await faults(other)).toEqual([])
    const ask = () => fetch(`${home}/api/v1/projects`, { headers: { authorization: `Bearer ${key}` } })
    expect((await ask()).status).toBe(200)
    await button(account.done, other).click()
    const row = other.getByRole('list', { name: account.keys }).getByRole('listitem')
    await expect.poll(() => row.innerText()).toContain(account.scopes.ask)
    expect(await row.innerText()).not.toContain(key)
    await row.getByRole('button').click()
    await other.getByRole('dialog').getByRole('button', { name: account.remove, exact: true }).click()
    await other.getByText(account.keysNone).waitFor()
    expect((await ask()).status).toBe(401)
  })

  it('signs in by a link, by a click and not by looking at it, elsewhere by two', async () => {
    await signOut(ben.name, other)
    await field(enter.email, other).fill(ben.email)
    await button(enter.link, other).click()
    await expect.poll(() => field(enter.email, other).inputValue()).toBe(ben.email)
    await button(enter.send, other).click()
    await heading(enter.sentTitle, other).waitFor()
    expect(await faults(other)).toEqual([])
    const link = await linkTo(ben.email, 'login')

    const elsewhere = await newVisitor()
    await elsewhere.goto(link)
    await heading(enter.redeemTitle, elsewhere).waitFor()
    expect(new URL(elsewhere.url()).hash).toBe('#/')
    expect(await faults(elsewhere)).toEqual([])
    await button(enter.action, elsewhere).click()
    await heading(enter.elsewhereTitle, elsewhere).waitFor()
    expect(await faults(elsewhere)).toEqual([])

    await other.goto(link)
    await button(enter.action, other).click()
    await inside(other)
    await button(enter.elsewhereAction, elsewhere).click()
    await alert(elsewhere).waitFor()
    expect(await focusedText(elsewhere)).toBe(words.error['link-invalid'])
    await elsewhere.context().close()
  })

  it('keeps the question that is being written when the session ends', async () => {
    const question = 'How often is the lamp in the hall changed?'
    await open('#/', other)
    await other.getByRole('button', { name: words.library.sample }).click()
    const box = other.locator('[data-main-field]')
    await box.waitFor()
    await box.fill(question)

    // From another browser of the same user.
    const elsewhere = await newVisitor()
    await elsewhere.goto(home)
    await typePassword(ben, elsewhere)
    await inside(elsewhere)
    await open('#/account', elsewhere)
    await button(account.endOthers, elsewhere).click()
    await elsewhere.getByRole('dialog').getByRole('button', { name: account.endOthers, exact: true }).click()
    await elsewhere.getByText(account.othersEnded).waitFor()
    await elsewhere.context().close()

    // What the page asks next is told so: for a click, or by itself before there is one.
    const models = other.getByRole('link', { name: nav.models, exact: true })
    await models.click({ timeout: 10_000 }).catch(() => {})
    await heading(enter.again, other).waitFor()
    await expect.poll(() => field(enter.email, other).inputValue()).toBe(ben.email)
    expect(await faults(other)).toEqual([])
    await field(enter.password, other).fill(ben.password)
    await other.keyboard.press('Enter')
    await inside(other)
    await other.getByRole('link', { name: nav.ask, exact: true }).click()
    await expect.poll(() => box.inputValue()).toBe(question)
  })

  it('sets a new password by a mail, which ends all sessions', async () => {
    const third = await newVisitor()
    await third.goto(home)
    await button(enter.forgot, third).click()
    await field(enter.email, third).fill(ben.email)
    await third.keyboard.press('Enter')
    await heading(enter.sentTitle, third).waitFor()
    await third.goto(await linkTo(ben.email, 'reset'))
    await heading(enter.resetTitle, third).waitFor()
    expect(await faults(third)).toEqual([])
    await field(enter.newPassword, third).fill('ten red umbrellas')
    await third.keyboard.press('Enter')
    await third.getByText(enter.resetDone).waitFor()
    await typePassword({ ...ben, password: 'ten red umbrellas' }, third)
    await inside(third)
    await third.context().close()
  })

  it('looks after people, use, work and the log', async () => {
    await open('#/administration')
    await page.reload()
    const row = page.locator(`[data-person="${ben.email}"]`)
    await row.getByRole('button', { name: filled(administration.actions, { name: ben.name }) }).click()
    await page.getByRole('menuitem', { name: administration.setQuota }).click()
    await field(administration.quotaQuestions).fill('5')
    expect(await faults(page)).toEqual([])
    await button(words.app.save).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await row.getByRole('button', { name: filled(administration.actions, { name: ben.name }) }).click()
    await page.getByRole('menuitem', { name: administration.block }).click()
    await page.getByRole('dialog').getByRole('button', { name: administration.blockAction, exact: true }).click()
    await row.getByText(administration.blocked).waitFor()

    for (const part of ['people', 'use', 'work', 'log'] as const) {
      await page.getByRole('link', { name: administration.parts[part], exact: true }).click()
      await page
        .getByRole('link', { name: administration.parts[part], exact: true, current: 'page' } as never)
        .waitFor()
      await expect.poll(() => page.getByText(words.app.loading).count()).toBe(0)
      for (const width of [320, 768, 1280, 2560]) {
        await page.setViewportSize({ width, height: 800 })
        expect(await tooWide(page), `${part} at ${width}`).toEqual([])
      }
      await page.setViewportSize({ width: 360, height: 740 })
      expect(await faults(page), part).toEqual([])
      await page.setViewportSize({ width: 1280, height: 860 })
    }
    await expect
      .poll(() => page.locator('[data-audit="quota.set"]').first().innerText())
      .toContain(words.audit.actions['quota.set'])
    await open('#/account')
    await heading(account.title).waitFor()
    for (const width of [320, 768, 2560]) {
      await page.setViewportSize({ width, height: 800 })
      expect(await tooWide(page), `account at ${width}`).toEqual([])
    }
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await faults(page)).toEqual([])
    await page.setViewportSize({ width: 1280, height: 860 })
  })

  it('hands out what one owns, and deletes an account with a receipt', async () => {
    await open('#/administration')
    const row = page.locator(`[data-person="${ben.email}"]`)
    await row.getByRole('button', { name: filled(administration.actions, { name: ben.name }) }).click()
    await page.getByRole('menuitem', { name: administration.unblock }).click()
    await row.getByText(administration.blocked).waitFor({ state: 'detached' })

    const leaver = await newVisitor()
    await leaver.goto(home)
    await typePassword({ ...ben, password: 'ten red umbrellas' }, leaver)
    await inside(leaver)
    await open('#/account', leaver)
    const kept = leaver.getByLabel(account.keepChats, { exact: true })
    await kept.selectOption('30')
    await leaver.getByRole('dialog').getByRole('button', { name: words.app.cancel }).click()
    await expect.poll(() => kept.inputValue()).toBe('')
    await kept.selectOption('30')
    await leaver
      .getByRole('dialog')
      .getByText(filled(account.keepLessLead.keepChats, { time: '30 days' }))
      .waitFor()
    expect(await faults(leaver)).toEqual([])
    await button(account.keepLessAction, leaver).click()
    await leaver.getByText(account.keepSet).waitFor()
    await expect.poll(() => kept.inputValue()).toBe('30')
    await kept.selectOption('')
    await expect.poll(() => kept.inputValue()).toBe('')
    await expect.poll(() => leaver.getByRole('dialog').count()).toBe(0)
    const download = leaver.waitForEvent('download')
    await leaver.getByRole('link', { name: account.export, exact: true }).click()
    expect((await download).suggestedFilename()).toBe('cloister-export.zip')

    await button(account.erase, leaver).click()
    const dialog = leaver.getByRole('dialog')
    await dialog.getByLabel(enter.password, { exact: true }).fill('not that one')
    await leaver.keyboard.press('Enter')
    await dialog.getByRole('alert').waitFor()
    expect(await faults(leaver)).toEqual([])
    await dialog.getByLabel(enter.password, { exact: true }).fill('ten red umbrellas')
    await leaver.keyboard.press('Enter')
    await heading(account.erased, leaver).waitFor()
    await expect.poll(() => leaver.locator('dl').innerText()).toContain(account.removed.sessions)
    expect(await faults(leaver)).toEqual([])
    await button(account.done, leaver).click()
    await heading(enter.title, leaver).waitFor()
    await typePassword({ ...ben, password: 'ten red umbrellas' }, leaver)
    await alert(leaver).waitFor()
    await leaver.context().close()
    await page.reload()
    await row.waitFor({ state: 'detached' })
  })

  it('has complained of nothing', () => {
    expect(site.complaints()).toEqual([])
  })
})

const tooWide = (page: Page) =>
  page.evaluate(() =>
    [document.documentElement, document.getElementById('main')!]
      .filter(one => one.scrollWidth > one.clientWidth)
      .map(one => `${one.tagName} ${one.scrollWidth}`),
  )

/** RFC 6238, as apps have it: SHA-1, six digits, half a minute. */
function totp(secret: string, step: number): string {
  const bits = [...secret].map(sign => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0'))
  const bytes = bits.join('').match(/.{8}/g) ?? []
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const hash = createHmac('sha1', Buffer.from(bytes.map(byte => Number.parseInt(byte, 2))))
    .update(counter)
    .digest()
  const at = (hash.at(-1) ?? 0) & 15
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
