/** Where a server with accounts doubts who somebody is, and what people see of those who look after it; where anybody may register. */
import path from 'node:path'
import Database from 'better-sqlite3'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { en as words } from '../../renderer/messages/en.ts'
import { chromiumPath } from '../chromium.ts'
import { type AccountSite, openAccountSite, type Visitor } from './account-site.ts'
import { faults } from './browser.ts'

const why = chromiumPath ? '' : ' (skipped: no Chromium here; CHROMIUM may name one)'
const anna = { email: 'anna@example.org', name: 'Anna Berger', password: 'seven purple lamps' }
const ben = { email: 'ben@example.org', name: 'Ben', password: 'nine yellow kettles' }
const { enter, account, administration, audit } = words

describe.skipIf(!chromiumPath)(`accounts${why}`, () => {
  let site: AccountSite
  let owner: Visitor
  beforeAll(async () => {
    site = await openAccountSite({ REGISTRATION: 'open' })
    owner = await site.newVisitor()
  })
  afterAll(() => site?.close())

  const filled = (pattern: string, values: Record<string, string>) =>
    pattern.replace(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')
  const button = (name: string, where: Page) => where.getByRole('button', { name, exact: true })
  const heading = (name: string, where: Page) => where.getByRole('heading', { name, exact: true })
  const field = (label: string, where: Page | Locator) => where.getByLabel(label, { exact: true })
  const inside = (where: Page) => where.getByRole('navigation', { name: words.app.navigation }).waitFor()
  const focusedText = (where: Page) => where.evaluate(() => (document.activeElement as HTMLElement).innerText.trim())
  const open = (hash: string, where: Page) => where.evaluate(to => location.assign(to), hash)

  it('asks for the password again before it makes a key, where signing in is a while ago', async () => {
    await owner.goto(site.setUp)
    await field(enter.email, owner).fill(anna.email)
    await field(enter.name, owner).fill(anna.name)
    await field(enter.password, owner).fill(anna.password)
    await button(enter.setUpAction, owner).click()
    await inside(owner)
    const file = new Database(path.join(site.data, 'cloister.db'))
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString()
    expect(file.prepare('update auth_session set created_at = ?, proven_at = null').run(hourAgo).changes).toBe(1)
    file.close()

    await open('#/account', owner)
    await button(account.keyAdd, owner).click()
    const form = owner.getByRole('dialog')
    await field(account.keyName, form).fill('Backup script')
    await button(account.keyMake, owner).click()
    const asked = owner.getByRole('dialog', { name: account.proof, exact: true })
    await asked.getByText(account.proofLead).waitFor()
    expect(await faults(owner)).toEqual([])
    await asked.getByLabel(enter.password, { exact: true }).fill('seven purple lamp')
    await owner.keyboard.press('Enter')
    await asked.getByRole('alert').waitFor()
    await expect.poll(() => focusedText(owner)).toBe(words.error['password-incorrect'])
    // Whoever thinks better of it has no key, and may try again with what was filled in.
    await asked.getByRole('button', { name: words.app.cancel, exact: true }).click()
    await asked.waitFor({ state: 'detached' })
    expect(await owner.locator('[data-key]').count()).toBe(0)
    expect(await field(account.keyName, form).inputValue()).toBe('Backup script')
    await button(account.keyMake, owner).click()
    await asked.getByLabel(enter.password, { exact: true }).fill(anna.password)
    await owner.keyboard.press('Enter')
    await owner.locator('[data-key]').waitFor()
    await button(account.done, owner).click()
    await button(`${account.remove} Backup script`, owner).waitFor()

    // It was proven just now: nobody is asked twice.
    await button(account.keyAdd, owner).click()
    await field(account.keyName, form).fill('Second')
    await button(account.keyMake, owner).click()
    await owner.locator('[data-key]').waitFor()
    await button(account.done, owner).click()
  })

  it('takes a new password where an address is confirmed in another browser than it was registered in', async () => {
    const registrant = await site.newVisitor()
    await registrant.goto(site.home)
    await button(enter.register, registrant).click()
    await field(enter.email, registrant).fill(ben.email)
    await field(enter.name, registrant).fill(ben.name)
    await field(enter.password, registrant).fill('of whoever registered it')
    expect(await faults(registrant)).toEqual([])
    await button(enter.registerAction, registrant).click()
    await registrant.getByText(filled(enter.sentConfirm, { email: ben.email })).waitFor()

    const reader = await site.newVisitor()
    await reader.goto(await site.linkTo(ben.email, 'verify'))
    await heading(enter.verifyTitle, reader).waitFor()
    expect(new URL(reader.url()).hash).toBe('#/')
    await button(enter.verifyAction, reader).click()
    await reader.getByText(enter.verifyElsewhereLead).waitFor()
    expect(await faults(reader)).toEqual([])
    await field(enter.newPassword, reader).fill('password1')
    await reader.keyboard.press('Enter')
    await expect.poll(() => focusedText(reader)).toBe(words.error['password-common'])
    await field(enter.newPassword, reader).fill(ben.password)
    await reader.keyboard.press('Enter')
    await reader.getByText(enter.verified).waitFor()
    await field(enter.email, reader).fill(ben.email)
    await field(enter.password, reader).fill(ben.password)
    await reader.keyboard.press('Enter')
    await inside(reader)

    // Who registered the address has no part in it.
    await button(enter.back, registrant).click()
    await field(enter.email, registrant).fill(ben.email)
    await field(enter.password, registrant).fill('of whoever registered it')
    await registrant.keyboard.press('Enter')
    await expect.poll(() => focusedText(registrant)).toBe(words.error['log-in-failed'])
    await registrant.context().close()
    await open('#/', reader)
    await reader.getByRole('button', { name: words.library.sample }).click()
    await reader.locator('[data-main-field]').waitFor()
    await reader.context().close()
  })

  it('lets an administrator look into a project by a reason, which its owner reads', async () => {
    const reason = 'Report 12: a document of yours is not read to its end.'
    await open('#/administration', owner)
    await button(filled(administration.actions, { name: ben.name }), owner).click()
    await owner.getByRole('menuitem', { name: administration.access }).click()
    const dialog = owner.getByRole('dialog', { name: filled(administration.accessTitle, { name: ben.name }) })
    const project = dialog.getByLabel(administration.accessProject, { exact: true })
    await project.waitFor()
    // Told by how much there is, and not by a name.
    const [choice = ''] = await project.getByRole('option').allInnerTexts()
    expect(choice).toContain(administration.keeps_one)
    const id = await project.inputValue()
    expect(choice).toContain(id.slice(-8))
    expect(await faults(owner)).toEqual([])
    await dialog.getByLabel(administration.accessReason, { exact: true }).fill('          ')
    await button(administration.accessAction, owner).click()
    await expect.poll(() => focusedText(owner)).toBe(filled(words.error['reason-missing'], { min: '10', max: '500' }))
    await dialog.getByLabel(administration.accessReason, { exact: true }).fill(reason)
    await button(administration.accessAction, owner).click()
    await dialog.waitFor({ state: 'detached' })
    await owner.getByRole('button', { name: /^Project: / }).click()
    await expect.poll(() => owner.getByRole('menuitemradio').count()).toBe(2)
    await owner.keyboard.press('Escape')
    await owner.getByRole('link', { name: administration.parts.log, exact: true }).click()
    await owner.locator('[data-audit="project.access"]').getByText(filled(audit.reason, { reason })).waitFor()

    const reader = await site.newVisitor()
    await reader.goto(site.home)
    await field(enter.email, reader).fill(ben.email)
    await field(enter.password, reader).fill(ben.password)
    await reader.keyboard.press('Enter')
    await inside(reader)
    await open('#/account', reader)
    await reader.setViewportSize({ width: 360, height: 740 })
    const entry = reader.locator('[data-audit="project.access"]')
    await entry.getByText(filled(audit.reason, { reason })).waitFor()
    const text = await entry.innerText()
    for (const part of [audit.actions['project.access'], anna.name, words.app.firstProject])
      expect(text).toContain(part)
    expect(await faults(reader)).toEqual([])
    await reader.context().close()
  })

  it('has complained of nothing', () => {
    expect(site.complaints()).toEqual([])
  })
})
