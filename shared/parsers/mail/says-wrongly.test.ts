import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../protocol.ts'
import { dateText, openMail } from './eml.ts'
import { withEnding } from './name.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-charset-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function read(headers: string, body: Uint8Array | string) {
  const file = join(folder, 'a.eml')
  await writeFile(file, Buffer.concat([Buffer.from(`From: a@example.org\r\n${headers}\r\n\r\n`), Buffer.from(body)]))
  const notes: string[] = []
  const source = await openMail(file, { limits: DEFAULT_LIMITS, note: detail => notes.push(detail) })
  const texts: string[] = []
  const names: string[] = []
  const items = source.read(0)
  for (;;) {
    const { value, done } = await items.next()
    if (done) return { text: texts.slice(1).join(' '), names, notes, reasons: value.reasons ?? [] }
    if ('segment' in value) texts.push(...value.segment.blocks.map(({ text }) => text))
    else names.push(value.name)
  }
}

const type = (charset: string) => `Content-Type: text/plain; charset=${charset}`

describe('the encoding of a mail', () => {
  test.each(['iso-8859-1', '"windows-1252"', 'us-ascii', 'iso-8859-15'])('is UTF-8, and it says %s', async charset => {
    const { text, reasons } = await read(type(charset), 'Größe und Straße – „fünf“ Fälle')
    expect(text).toBe('Größe und Straße – „fünf“ Fälle')
    expect(reasons).toEqual([])
  })

  test.each([
    ['', (text: string) => Buffer.from(text, 'latin1')],
    ['\r\nContent-Transfer-Encoding: base64', (text: string) => Buffer.from(text, 'latin1').toString('base64')],
    [
      '\r\nContent-Transfer-Encoding: quoted-printable',
      (text: string) => text.replace(/[^\0-\x7f]/g, sign => `=${sign.charCodeAt(0).toString(16).toUpperCase()}`),
    ],
  ])('is Latin-1, and it says UTF-8%s', async (coding, encode) => {
    const { text, reasons, notes } = await read(`${type('utf-8')}${coding}`, encode('Größe und Straße'))
    expect(text).toBe('Größe und Straße')
    expect(reasons).toEqual([])
    expect(notes).toHaveLength(1)
  })

  test('is what each part says, where one is right', async () => {
    const part = (charset: string, encoding: BufferEncoding) =>
      Buffer.concat([
        Buffer.from(`--b\r\n${type(charset)}\r\n\r\n`),
        Buffer.from('Größe und Straße', encoding),
        Buffer.from('\r\n'),
      ])
    const body = Buffer.concat([
      part('iso-8859-1', 'utf8'),
      part('iso-8859-1', 'latin1'),
      part('utf-8', 'latin1'),
      Buffer.from('--b--\r\n'),
    ])
    const { text } = await read('Content-Type: multipart/mixed; boundary=b', body)
    expect(text.match(/Größe und Straße/g)).toHaveLength(3)
  })

  test('stays UTF-8 where a little is broken, or such signs are meant', async () => {
    const bytes = Buffer.concat([Buffer.from('Größe und Straße '), Buffer.from([0xf6]), Buffer.from(' für alle')])
    const { text, reasons, notes } = await read(type('utf-8'), bytes)
    expect(text).toBe('Größe und Straße \ufffd für alle')
    expect(reasons).toEqual([{ code: 'partly-damaged' }])
    expect(notes).toEqual([])
    expect((await read(type('utf-8'), 'Statt ä steht da Ã¤')).text).toBe('Statt ä steht da Ã¤')
    expect((await read(type('iso-8859-1'), Buffer.from('Château Ã, Größe', 'latin1'))).text).toBe('Château Ã, Größe')
  })
})

test('parts get an ending that a reader is found by', async () => {
  const invitation = 'BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:Treffen\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'
  const body = `--b\r\n${type('utf-8')}\r\n\r\nText\r\n--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n${invitation}--b\r\nContent-Type: application/pdf; name="Vertrag v1.2"\r\nContent-Disposition: attachment; filename="Vertrag v1.2"\r\n\r\n%PDF-1.4\r\n--b--\r\n`
  expect((await read('Content-Type: multipart/mixed; boundary=b', body)).names).toEqual([
    'Treffen.ics',
    'Vertrag v1.2.pdf',
  ])
  const headers = 'Subject: Einladung\r\nContent-Type: multipart/mixed; boundary=b'
  expect((await read(headers, body.replace('SUMMARY:', 'X-NOTHING:'))).names[0]).toBe('Einladung.ics')
  expect((await read(headers, body.replace('Treffen', 'Vertrag.pdf'))).names[0]).toBe('Vertrag.pdf.ics')
  expect((await read(headers, body.replace('Treffen', 'Treffen\\, neu: 1/2'))).names[0]).toMatch(
    /^Treffen, neu_ 1.2\.ics$/,
  )
  expect(withEnding('Rechnung Nr. 2024.11', 'application/pdf')).toBe('Rechnung Nr. 2024.11.pdf')
  expect(withEnding('Bericht.docx', 'application/octet-stream')).toBe('Bericht.docx')
  expect(withEnding('Brief.pages', 'application/zip')).toBe('Brief.pages')
  expect(withEnding('Foto', 'image/webp')).toBe('Foto.webp')
  expect(withEnding('winmail.dat', 'application/ms-tnef')).toBe('winmail.dat')
})

test('dates are by the clock of whoever wrote them', () => {
  expect(dateText('21-Nov-2026 12:33 +0100')).toBe('2026-11-21 12:33 (21-Nov-2026 12:33 +0100)')
  expect(dateText('Sat, 21 Nov 2026 12:33:34 -0500 (EST)')).toMatch(/^2026-11-21 12:33 /)
  expect(dateText('Sat, 21 Nov 2026 12:33:34 GMT')).toMatch(/^2026-11-21 12:33 /)
})
