import PostalMime from 'postal-mime'
import { expect, test } from 'vitest'
import { compose } from '../mail/mime.ts'
import type { MailKind, MailLanguage, MailRequest, MailValues, WaysIn } from '../model/index.ts'
import { writeMail } from './mail-text.ts'

const surroundings = { product: 'Cloister', publicUrl: 'https://wissen.example.org' }
const link = 'https://wissen.example.org/#/reset?token=abc&x=1'
const ways = (some: Partial<WaysIn>): WaysIn => ({
  passwords: 0,
  sessions: 0,
  keys: 0,
  passkeys: 0,
  gitHub: 0,
  secondFactors: 0,
  ...some,
})
const values: MailValues = {
  verify: { link, hours: 24 },
  reset: { link, minutes: 60 },
  'magic-link': { link, minutes: 15 },
  'project-invitation': { link, inviter: 'anna@cloister.test' },
  invitation: { link, inviter: 'Anna Müller', days: 7 },
  'known-address': { link },
  'password-changed': { link, ended: ways({ sessions: 2, keys: 1 }), left: ways({ passwords: 1, secondFactors: 1 }) },
  'address-proven': { link, ended: ways({ passwords: 1 }) },
  'new-passkey': { name: 'Laptop', link },
  'new-key': { name: 'Backup', link },
  'new-github': { link },
  'new-totp': { link },
  'ended-totp': { link },
}
const kinds = Object.keys(values) as MailKind[]
const request = (kind: MailKind, language: MailLanguage, other: object = {}) =>
  ({ kind, language, to: 'anna@example.org', values: { ...values[kind], ...other } }) as MailRequest

test.each(kinds.flatMap(kind => (['de', 'en'] as const).map(language => [kind, language] as const)))(
  '%s in %s says what it is, where from, and what else to do',
  async (kind, language) => {
    const mail = writeMail(request(kind, language), surroundings)
    expect(mail.text).toContain(link)
    expect(mail.html.match(/href="https:\/\/wissen\.example\.org\/#\/reset\?token=abc&amp;x=1"/g)).toHaveLength(2)
    expect(mail.html).toContain(`<html lang="${language}">`)
    expect(mail.html).not.toMatch(/<img|<script|@import|url\(|http:/i)
    // Of other addresses there is none.
    expect(mail.html.replaceAll('https://wissen.example.org', '')).not.toContain('https:')
    for (const part of [mail.text, mail.html]) {
      expect(part).toContain('wissen.example.org')
      expect(part).toContain('Cloister')
      expect(part).toContain(language === 'de' ? 'Guten Tag' : 'Hello')
      expect(part).not.toMatch(/\{\{|undefined|mail\.\w/)
    }
    expect(mail.text).toMatch(language === 'de' ? /Falls / : /If /)
    const parsed = await PostalMime.parse(
      await compose({ id: 'x', to: 'anna@example.org', ...mail }, { address: 'c@example.org' }, 0),
    )
    expect(parsed.subject).toBe(mail.subject)
    expect(parsed.text?.trim()).toBe(mail.text.trim())
    expect(parsed.html?.trim()).toBe(mail.html.trim())
  },
)

test('says how long the link is good for', () => {
  const text = (kind: MailKind, language: MailLanguage, other = {}) =>
    writeMail(request(kind, language, other), surroundings).text
  expect(text('magic-link', 'de')).toContain('innerhalb der nächsten 15 Minuten')
  expect(text('verify', 'en', { hours: 1 })).toContain('within the next hour')
  expect(text('invitation', 'de')).toContain('innerhalb der nächsten 7 Tage')
  expect(text('password-changed', 'en')).not.toContain('works once')
})

test('says what has ended, and what still opens the account', () => {
  const { text, html } = writeMail(request('password-changed', 'en'), surroundings)
  expect(text).toContain('Ended with it: 2 sessions, 1 API key.')
  expect(html).toContain('What still holds: codes of an app.')
  const german = writeMail(
    request('password-changed', 'de', { ended: ways({ passkeys: 2, gitHub: 1 }), left: ways({ passwords: 1 }) }),
    surroundings,
  ).text
  expect(german).toContain('Damit beendet: 2 Passkeys, GitHub.')
  expect(german).not.toContain('Weiterhin')
})

test('a name is one line of text that no program makes a link of', () => {
  const inviter = `<img src=x onerror=alert(1)> see https://evil.example/now or mail@evil.example ${'x'.repeat(200)}\r\nBcc: eve@example.net`
  const { subject, text, html } = writeMail(request('invitation', 'en', { inviter }), surroundings)
  expect(html).toContain('&lt;img src=x')
  expect(html).not.toContain('<img')
  for (const part of [subject, text, html]) expect(part).not.toMatch(/evil\.example|:\/\/evil|Bcc:|mail@evil/)
  expect(writeMail(request('new-passkey', 'en', { name: 'Dr. Who & Co' }), surroundings).html).toContain(
    'Dr. Who &amp; Co',
  )
})

test('no link leads elsewhere', () => {
  for (const elsewhere of [
    'https://evil.example/#a',
    'javascript:alert(1)',
    'https://wissen.example.org.evil.example/',
  ])
    expect(() => writeMail(request('reset', 'de', { link: elsewhere }), surroundings)).toThrow()
})
