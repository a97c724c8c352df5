import { describe, expect, it } from 'vitest'
import { addressesIn, withoutAddresses } from './addresses.ts'

describe('addresses are found', () => {
  it.each(
    `-evil.com/x @evil.com .evil.com JaVaScRiPt:alert(1) DATA:text/html,x MAILTO:a@b //evil/share \\\\1.2.3.4@80\\x 203.0.113.9:8080
    evil.xyz Evil.Zip evil﹒com/x ⓔⓥⓘⓛ.ⓒⓞⓜ/x httpsː//evil‧zip whatsapp:send?text=1 search-ms:query=x bitcoin:1A2b3C ssh:evil ftp:evil
    https://evil.example/x mail@evil.example www.evil.example Https://evil.com evil.com. ms-word:ofe|u|x tel:+4930123456 sms:+49301 data:,x
    evil。com 𝐞𝐯𝐢𝐥.𝐜𝐨𝐦 http：／／evil/x \\\\evil evil_x.com/a _evil.com xn--a.xn--b evil.com:80 TEL:4930123456`.split(
      /\s+/,
    ),
  )('%s', address => {
    expect([...addressesIn(`Siehe ${address} dort`)]).toHaveLength(1)
    expect(withoutAddresses(`Siehe ${address} dort`, () => false)).toMatch(/^Siehe [-@._]?…[).]? dort$/)
    expect(withoutAddresses(`Siehe (${address})`, () => false)).toMatch(/^Siehe \([-@._]?…[).]*$/)
  })
  it('letters of other widths: the place is that in the text as it is', () => {
    expect(withoutAddresses('ﬁne ⓔⓥⓘⓛ.ⓒⓞⓜ/x, ½ gut', () => false)).toBe('ﬁne …, ½ gut')
    expect(withoutAddresses('𝒂 evil﹒com 𝒃', address => address === 'evil﹒com')).toBe('𝒂 evil﹒com 𝒃')
  })
})

it.each([
  '§ 5 Kündigung: drei Monate',
  'Um 14:30 Uhr, bis 16:00.',
  'Verhältnis 1:3, Maßstab 1:100',
  'Az.: 4711, Az.:4711/20, Nr.:5',
  'Ende.Anfang und so weiter, z.B. d.h. u.a.',
  'Mieter/Vermieter und/oder 3/4',
  'Er sagt: „Ja“. Frist:3 Monate',
  'Schüler:innen und Mieter:in',
  'ein Satz… und "x": y',
  '1.000,50 € am 3.4.2026 nach 10.1.2.3',
  'Die Antwort:\nJa.',
  'Hinweis:**wichtig**',
])('%s stays', text => expect(withoutAddresses(text, () => false)).toBe(text))

it('stays linear', () => {
  const before = process.cpuUsage().user
  for (const piece of ['a:', 'a.', '//', '\\\\', 'a@', 'ⓔ.', 'a-b.', ':', 'a:b ', '1.1.', 'x:1'])
    [...addressesIn(piece.repeat(8000))]
  expect(process.cpuUsage().user - before).toBeLessThan(4_000_000)
})
