import { describe, expect, it } from 'vitest'
import { createExternal, decideExternal } from './external.ts'

describe('what may be offered to other programs', () => {
  it.each([
    ['https://example.org/a?b=c#d', 'https://example.org/a?b=c#d', 'example.org'],
    ['HTTPS://Example.ORG:8443/', 'https://example.org:8443/', 'example.org:8443'],
    [
      'mailto:a@example.org?subject=Frage&body=Zeile%0AZeile',
      'mailto:a@example.org?subject=Frage&body=Zeile%0AZeile',
      'a@example.org',
    ],
    [
      'mailto:a@example.org,b@example.org?cc=c@example.org',
      'mailto:a@example.org,b@example.org?cc=c@example.org',
      'a@example.org, b@example.org, c@example.org',
    ],
  ])('%s', (address, url, shown) => {
    expect(decideExternal(address)).toEqual({ allowed: true, url, shown })
  })

  it('shows a host in letters that look like no other', () => {
    // The first letter is Cyrillic.
    expect(decideExternal('https://аpple.com/')).toMatchObject({ shown: 'xn--pple-43d.com' })
    expect(decideExternal('https://münchen.example/')).toMatchObject({ shown: 'xn--mnchen-3ya.example' })
    expect(decideExternal('https://example.org。evil.example/')).toMatchObject({ shown: 'example.org.evil.example' })
    expect(decideExternal('https://0x7f.1/')).toMatchObject({ shown: '127.0.0.1' })
  })

  it.each([
    ['http://example.org/', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['javascript:alert(1)', 'scheme'],
    ['data:text/html,a', 'scheme'],
    ['smb://evil.example/share', 'scheme'],
    ['ms-msdt:/id PCWDiagnostic', 'scheme'],
    ['vscode://file/etc', 'scheme'],
    ['tel:+431', 'scheme'],
    ['app://bundle/', 'scheme'],
    ['cloister://ask', 'scheme'],
    ['https://user:secret@example.org/', 'credentials'],
    ['https://example.org@evil.example/', 'credentials'],
    [`https://example.org/${'a'.repeat(2000)}`, 'length'],
    [`https://example.org/${'ü'.repeat(700)}`, 'length'],
    ['https://example.org/\r\nX', 'characters'],
    ['https://example.org/\u202Egnp.exe', 'characters'],
    ['https://exam\u200bple.org/', 'characters'],
    ['https://example.org/\ud800', 'characters'],
    [' \u0000https://example.org/', 'characters'],
    ['example.org', 'form'],
    ['https://', 'form'],
    ['', 'form'],
    ['\\\\evil.example\\share', 'form'],
    ['mailto:', 'form'],
    ['mailto:a', 'form'],
    ['mailto:a@example.org?attach=/etc/passwd', 'form'],
    ['mailto:a@example.org?bcc=b@example.org', 'form'],
    ['mailto:a@example.org?subject=a%0D%0ABcc:b@example.org', 'form'],
    ['mailto:a@example.org%0D%0ABcc:b@example.org', 'form'],
    ['mailto:%22a%22%20%3Cb@example.org%3E', 'form'],
    ['mailto:a@example.org%', 'form'],
  ] as const)('not %s', (address, why) => {
    expect(decideExternal(address)).toEqual({ allowed: false, why })
  })
})

describe('the way to other programs', () => {
  it('leads through a question that names the host, one at a time', async () => {
    const asked: unknown[] = []
    const opened: string[] = []
    const answers: ((yes: boolean) => void)[] = []
    const openExternal = createExternal({
      ask: (...question) => {
        asked.push(question)
        return new Promise(resolve => answers.push(resolve))
      },
      open: async url => void opened.push(url),
    })
    expect(await openExternal('file:///etc/passwd')).toBe(false)
    expect(asked).toEqual([])
    const first = openExternal('https://example.org/a')
    expect(await openExternal('https://example.org/b')).toBe(false)
    answers.shift()?.(true)
    expect(await first).toBe(true)
    const second = openExternal('mailto:a@example.org')
    answers.shift()?.(false)
    expect(await second).toBe(false)
    expect(asked).toEqual([
      ['example.org', 'page'],
      ['a@example.org', 'mail'],
    ])
    expect(opened).toEqual(['https://example.org/a'])
  })

  it('is open again after a question that failed', async () => {
    let questions = 0
    const openExternal = createExternal({
      ask: async () => {
        questions += 1
        if (questions === 1) throw new Error('no window')
        return true
      },
      open: async () => {},
    })
    await expect(openExternal('https://example.org/')).rejects.toThrow('no window')
    expect(await openExternal('https://example.org/')).toBe(true)
  })
})
