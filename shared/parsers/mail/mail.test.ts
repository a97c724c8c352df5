import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { example, writeMail } from '../../../scripts/fixtures/eml.ts'
import { writeMbox } from '../../../scripts/fixtures/mbox.ts'
import { writeMsg } from '../../../scripts/fixtures/msg.ts'
import { AppError } from '../../errors.ts'
import type { Block, FoundFile, Reason } from '../../model/index.ts'
import { formatOf, HEAD } from '../formats.ts'
import { DEFAULT_LIMITS } from '../protocol.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-mail-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Mail {
  blocks: Block[]
  texts: string[]
  files: FoundFile[]
  reasons: Reason[]
}

async function read(name: string, bytes: Uint8Array, filesAfter = 0): Promise<Mail> {
  const format = formatOf(name)!
  if (!format.matches(bytes.subarray(0, HEAD))) throw new AppError('type-mismatch')
  const file = join(folder, name)
  await writeFile(file, bytes)
  const scratch = await mkdtemp(join(folder, 'scratch-'))
  const source = await format.open(file, { limits: DEFAULT_LIMITS, note: () => {}, scratch })
  const blocks: Block[] = []
  const files: FoundFile[] = []
  const items = source.read(0, undefined, filesAfter)
  for (;;) {
    const { value, done } = await items.next()
    if (done) {
      await source.close()
      return { blocks, texts: blocks.map(({ text }) => text), files, reasons: value.reasons ?? [] }
    }
    if ('segment' in value) blocks.push(...value.segment.blocks)
    else files.push(value)
  }
}

const eml = (text: string, encoding: BufferEncoding = 'utf8') =>
  read('a.eml', Buffer.from(text.replaceAll('\n', '\r\n'), encoding))
const contentOf = (file: FoundFile | undefined) => readFile(file!.file!)

describe('a mail', () => {
  test('is its subject, who wrote when to whom, and its paragraphs', async () => {
    const { blocks, texts, files, reasons } = await read('a.eml', example())
    expect(blocks[0]).toEqual({
      kind: 'heading',
      text: 'Angebot für die Dachsanierung',
      level: 1,
      span: { unit: 'paragraph', first: 1, last: 1 },
    })
    expect(texts.slice(1, 7)).toEqual([
      'From: Anna Bäcker <anna@example.org>',
      'To: Jörg Weiß <joerg@example.org>',
      'Cc: Verwaltung <verwaltung@example.org>',
      'Date: 2026-11-21 12:33 (Sat, 21 Nov 2026 12:33:34 +0100)',
      'Sehr geehrter Herr Weiß,',
      'die Sanierung des Daches kostet 48.350,00 € und beginnt am 4. Mai 2026.',
    ])
    expect(texts.slice(-2)).toEqual(['> Wann können Sie anfangen?', '> Wir hätten gern ein Angebot bis Freitag.'])
    expect(blocks.map(({ span }) => span!.first)).toEqual(blocks.map((_, index) => index + 1))
    expect(files.map(({ path }) => path)).toEqual(['Leistungsverzeichnis.txt'])
    expect((await contentOf(files[0])).toString()).toBe('Position 1: Gerüst stellen, 4.200 €\n')
    expect(reasons).toEqual([])
  })

  test('in Windows-1252, quoted-printable, with a name in parts (RFC 2231)', async () => {
    const { texts, files } = await eml(`From: =?iso-8859-1?Q?J=F6rg_Wei=DF?= <j@example.org>
Subject: =?windows-1252?Q?Gr=FC=DFe_aus_K=F6ln_=96_80_=80?=
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=windows-1252
Content-Transfer-Encoding: quoted-printable

Die Miete betr=E4gt 80 =80 =96 f=FCr den =
Stellplatz.
--b
Content-Type: text/plain
Content-Disposition: attachment; filename*0*=iso-8859-1''%DCber; filename*1*=sicht.txt

x
--b--
`)
    expect(texts).toEqual([
      'Grüße aus Köln – 80 €',
      'From: Jörg Weiß <j@example.org>',
      'Die Miete beträgt 80 € – für den Stellplatz.',
    ])
    expect(files[0]!.name).toBe('Übersicht.txt')
  })

  test('from before there was UTF-8 says nothing about its bytes', async () => {
    const { texts } = await eml(
      'From: Jörg Müller <j@example.org>\nSubject: Kündigung\n\nWir kündigen zum 1. März.\n',
      'latin1',
    )
    expect(texts).toEqual(['Kündigung', 'From: Jörg Müller <j@example.org>', 'Wir kündigen zum 1. März.'])
  })

  test('with soft line breaks (format=flowed) has whole paragraphs', async () => {
    const { texts } = await eml(`From: a@example.org
Content-Type: text/plain; charset=utf-8; format=flowed

Dieser Absatz ist auf zwei \nZeilen verteilt.

> Und dieser ist \n> angeführt.
`)
    expect(texts.slice(1)).toEqual(['Dieser Absatz ist auf zwei Zeilen verteilt.', '> Und dieser ist angeführt.'])
  })

  test('of two bodies the plain one, unless it says less or nothing', async () => {
    const html = '<p>Die Sitzung ist am <b>Montag</b> um zehn Uhr im großen Saal.</p><ul><li>Etat</li></ul>'
    const plain = 'Die Sitzung ist am Montag um zehn Uhr im großen Saal. Etat.'
    expect((await read('a.eml', writeMail({ text: plain, html }))).texts.slice(3)).toEqual([plain])
    for (const text of ['', 'Ihr Programm zeigt kein HTML.']) {
      const { texts } = await read('a.eml', writeMail({ text, html }))
      expect(texts.slice(3)).toEqual(['Die Sitzung ist am Montag um zehn Uhr im großen Saal.', 'Etat'])
    }
    expect((await read('a.eml', writeMail({ html }))).texts.slice(3)[0]).toMatch(/^Die Sitzung/)
  })

  test('holds other mails, pictures in its text, and things no reader knows', async () => {
    const inner = writeMail({ subject: 'Die innere: Mail/1', text: 'Innen' })
    const { files } = await read(
      'a.eml',
      writeMail({
        text: 'Außen',
        parts: [
          { name: 'Weitergeleitet', type: 'message/rfc822', bytes: inner },
          { name: 'winmail.dat', type: 'application/ms-tnef', bytes: 'x' },
          { name: 'Liste.md', type: 'text/markdown', bytes: '# Liste', inline: true },
          { name: '../../böse.txt', type: 'text/plain', bytes: 'x' },
          { name: 'smime.p7s', type: 'application/pkcs7-signature', bytes: 'x' },
        ],
      }),
    )
    expect(files.map(({ path, reason }) => [path, reason?.code])).toEqual([
      ['Weitergeleitet.eml', undefined],
      ['winmail.dat', 'unsupported-type'],
      ['Liste.md', undefined],
      ['böse.txt', undefined],
    ])
    expect((await read('inner.eml', await contentOf(files[0]))).texts[0]).toBe('Die innere: Mail/1')
  })

  test('whose files are known already gives the others, with the same numbers', async () => {
    const parts = ['a.txt', 'b.txt', 'c.txt'].map(name => ({ name, type: 'text/plain', bytes: name }))
    const { files } = await read('a.eml', writeMail({ text: 'x', parts }), 2)
    expect(files.map(({ number, name }) => [number, name])).toEqual([[3, 'c.txt']])
  })

  test('that is encrypted says so and gives its headers', async () => {
    const { texts, reasons } = await eml(`From: a@example.org
Subject: Geheim
Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m
Content-Transfer-Encoding: base64

MIIB
`)
    expect(texts).toEqual(['Geheim', 'From: a@example.org'])
    expect(reasons).toEqual([{ code: 'mail-sealed' }])
  })

  test('that ends too early says so', async () => {
    const whole = example()
    const { reasons, texts } = await read('a.eml', whole.subarray(0, whole.length - 200))
    expect(reasons).toEqual([{ code: 'partly-damaged' }])
    expect(texts[0]).toBe('Angebot für die Dachsanierung')
  })

  test('nested beyond reason is damaged, and other files are no mails', async () => {
    const deep = Array.from(
      { length: 300 },
      (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\n\n--b${at}\n`,
    ).join('')
    await expect(eml(deep)).rejects.toThrow('damaged')
    await expect(eml('%PDF-1.4')).rejects.toThrow('type-mismatch')
    await expect(eml('Nur ein Text ohne Kopf')).rejects.toThrow('type-mismatch')
  })
})

describe('a mail that lost something within', () => {
  const letter = 'Die Fläche misst 80 Quadratmeter, der Rest bleibt, wie er war und ist. '.repeat(12)
  const whole = writeMail({ subject: 'Fläche', text: letter }).toString('latin1')
  const reasonsOf = async (text: string) => (await read('a.eml', Buffer.from(text, 'latin1'))).reasons
  const damaged = [{ code: 'partly-damaged' }]
  const lines = whole.split('\r\n')
  const body = lines.indexOf('') + 1
  const withLine = (at: number, line: string) => lines.with(body + at, line).join('\r\n')

  test('shows it by its lines of base64, where all else is right', async () => {
    expect(lines.length - body).toBeGreaterThan(9)
    expect(await reasonsOf(whole)).toEqual([])
    // A multiple of four letters, so that what remains can be decoded.
    expect(await reasonsOf(withLine(4, lines[body + 4]!.slice(16)))).toEqual(damaged)
    expect(await reasonsOf(withLine(4, lines[body + 4]!.slice(16) + lines[body + 5]))).toEqual(damaged)
    expect(await reasonsOf(withLine(4, lines[body + 4]!.replace(/^.../, '!?_')))).toEqual(damaged)
  })

  test('and not by lines that are uneven throughout', async () => {
    const base64 = lines.slice(body).join('')
    const uneven = base64.match(/.{1,76}/g)!.flatMap(line => [line.slice(0, 64), line.slice(64)].filter(Boolean))
    expect(await reasonsOf([...lines.slice(0, body), ...uneven, ''].join('\r\n'))).toEqual([])
  })

  test('shows it by the head of a part that runs into its body', async () => {
    const parts = writeMail({ subject: 'S', text: letter, html: `<p>${letter}</p>` }).toString('latin1')
    const encoding = 'Content-Transfer-Encoding: base64\r\n\r\n'
    expect(await reasonsOf(parts)).toEqual([])
    expect(await reasonsOf(parts.replace(encoding, ''))).toEqual(damaged)
    // Broken where no line may be, and read all the same.
    expect(await reasonsOf(parts.replace('plain; charset', 'plain;\r\ncharset'))).toEqual([])
  })

  test('shows it by zeros', async () => {
    // Zeros nearer to the beginning are no mail.
    const text = `From: a@example.org\n\n${letter.repeat(6)}\nDie Frist endet am 3. Mai.\n`
    const zeroed = text.replace('am 3. Mai', '\0'.repeat(9))
    expect(await reasonsOf(text)).toEqual([])
    expect(await reasonsOf(zeroed)).toEqual(damaged)
    expect(await reasonsOf(`Content-Transfer-Encoding: binary\n${zeroed}`)).toEqual([])
  })
})

describe('a mail of Outlook', () => {
  const sent = Date.UTC(2026, 4, 4, 9, 30)
  const sender = { name: 'Jörg Weiß', email: 'joerg@example.org' }

  test('in Unicode and in a code page', async () => {
    for (const latin of [false, true]) {
      const bytes = writeMsg({
        subject: 'Größe der Fläche',
        sender,
        sent,
        body: 'Die Fläche misst 80 m².\r\n\r\nGrüße',
        to: [{ name: 'Anna Bäcker', email: 'anna@example.org' }],
        latin,
      })
      const { texts, reasons } = await read('a.msg', bytes)
      expect(texts).toEqual([
        'Größe der Fläche',
        'From: Jörg Weiß <joerg@example.org>',
        'To: Anna Bäcker <anna@example.org>',
        'Date: 2026-05-04 09:30 (Mon, 04 May 2026 09:30:00 GMT)',
        'Die Fläche misst 80 m².',
        'Grüße',
      ])
      expect(reasons).toEqual([])
    }
  })

  test('holds files, and mails that open again', async () => {
    const bytes = writeMsg({
      subject: 'Außen',
      body: 'x',
      attachments: [
        { name: 'Plan.txt', bytes: 'Der Plan' },
        { name: 'Innen', mail: { subject: 'Innen', body: 'Die Frist endet am 3. Mai.' } },
      ],
    })
    const { files } = await read('a.msg', bytes)
    const byName = new Map(files.map(file => [file.path, file]))
    expect([...byName.keys()].sort()).toEqual(['Innen.msg', 'Plan.txt'])
    expect((await contentOf(byName.get('Plan.txt'))).toString()).toBe('Der Plan')
    expect((await read('inner.msg', await contentOf(byName.get('Innen.msg')))).texts).toEqual([
      'Innen',
      'Die Frist endet am 3. Mai.',
    ])
  })

  test('with HTML alone', async () => {
    const { texts } = await read('a.msg', writeMsg({ subject: 'S', html: '<p>Die Frist ist am <i>Freitag</i>.</p>' }))
    expect(texts).toEqual(['S', 'Die Frist ist am Freitag.'])
  })

  test('says when its text is not what it was', async () => {
    const text = 'Die Frist endet am dritten Mai, nicht am vierten. '.repeat(9)
    const bytes = Buffer.from(writeMsg({ subject: 'Frist', body: text }))
    expect((await read('a.msg', bytes)).reasons).toEqual([])
    const at = bytes.indexOf(Buffer.from(text, 'utf16le')) + 100
    // One byte further, so that each letter is half of one and half of the next.
    const shifted = Buffer.from(bytes)
    shifted.copyWithin(at + 1, at, at + 80)
    expect((await read('a.msg', shifted)).reasons).toEqual([{ code: 'partly-damaged' }])
    const ended = Buffer.from(bytes).fill(0, at, at - 100 + 2 * text.length)
    expect((await read('a.msg', ended)).reasons).toEqual([{ code: 'partly-damaged' }])
    expect((await read('a.msg', writeMsg({ subject: 'S', body: '───── 　　　　 一二三四 中文' }))).reasons).toEqual([])
  })

  test('that is something else, or broken, is told as such', async () => {
    await expect(read('a.msg', writeMsg({}).subarray(0, 300))).rejects.toThrow('damaged')
    await expect(read('a.msg', Buffer.from('text'))).rejects.toThrow('type-mismatch')
  })
})

describe('a mailbox', () => {
  test('says when something stands before its first mail', async () => {
    const box = writeMbox([writeMail({ subject: 'Eins', text: 'Text' }), writeMail({ subject: 'Zwei', text: 'Text' })])
    const reasonsOf = async (bytes: Uint8Array) => (await read('a.mbox', bytes)).reasons
    expect(await reasonsOf(box)).toEqual([])
    // No line of headers follows, so that the first mail does not begin there.
    const end = box.indexOf('\n')
    const torn = Buffer.concat([box.subarray(0, end + 1), Buffer.from('?\n'), box.subarray(end + 1)])
    expect(await reasonsOf(torn)).toEqual([{ code: 'partly-damaged' }])
  })

  test('gives each mail as it was, and a list of them', async () => {
    const mails = [
      writeMail({ subject: 'Erste', text: 'x' }),
      Buffer.from('Subject: Zweite\nFrom: b@example.org\n\nText\n\nFrom here on it goes up.\n>From quoted\n\nEnde\n'),
      writeMail({ subject: 'Erste', text: 'y' }),
    ]
    const { texts, files } = await read('a.mbox', writeMbox(mails))
    expect(texts.map(text => text.split(' – ')[0])).toEqual(['Erste', 'Zweite', 'Erste'])
    expect(files.map(({ path }) => path)).toEqual(['Erste.eml', 'Zweite.eml', 'Erste (2).eml'])
    expect((await contentOf(files[1])).toString().trimEnd()).toBe(mails[1]!.toString().trimEnd())
  })

  test('that is read once more up to where it was says so on the way', async () => {
    const mails = Array.from({ length: 450 }, (_, at) => Buffer.from(`Subject: Nummer ${at}\n\nText\n`))
    await writeFile(join(folder, 'long.mbox'), writeMbox(mails))
    const scratch = await mkdtemp(join(folder, 'scratch-'))
    const source = await formatOf('a.mbox')!.open(join(folder, 'long.mbox'), {
      limits: DEFAULT_LIMITS,
      note: () => {},
      scratch,
    })
    const order: string[] = []
    for await (const item of { [Symbol.asyncIterator]: () => source.read(2, undefined, 298) }) {
      if ('segment' in item) order.push(`${item.passed ? 'passed' : 'segment'} ${item.segment.number}`)
      else if (item.number === 299 || item.number === 450) order.push(item.path)
    }
    await source.close()
    const [passed, also, ...fresh] = order
    expect([passed, also]).toEqual(['passed 1', 'passed 2'])
    expect(fresh).toEqual(['Nummer 298.eml', 'segment 3', 'segment 4', 'Nummer 449.eml', 'segment 5'])
  })

  test('a line that only looks like a beginning is none', async () => {
    const box = 'From a@b Sat Nov 21 12:33:34 2026\nSubject: S\n\nEins\n\nFrom now on it is ours.\nZwei\n'
    const { files } = await read('a.mbox', Buffer.from(box))
    expect(files).toHaveLength(1)
    expect((await contentOf(files[0])).toString()).toContain('From now on it is ours.\nZwei')
  })

  test('marks are told wherever a read from the disk ends', async () => {
    // Reads end at 64 KiB: the marks lie around there, and long lines go on behind it.
    for (const length of [65_480, 65_500, 65_510, 70_000, 140_000]) {
      const text = `>From quoted\n${'x'.repeat(length)}\nFrom here on.\n\n>>From twice\n> plain\n\n`
      const mails = Array.from({ length: 3 }, (_, at) => Buffer.from(`Subject: ${at}\n\n${text}`))
      const { files } = await read('a.mbox', writeMbox(mails))
      expect(files.map(({ path }) => path)).toEqual(['0.eml', '1.eml', '2.eml'])
      for (const [at, file] of files.entries())
        expect((await contentOf(file)).toString().trimEnd()).toBe(mails[at]!.toString().trimEnd())
    }
  })

  test('what was read before is passed over fast, and names go on being counted', async () => {
    const line = `${'QUJD'.repeat(19)}\n`
    const box = Buffer.from(`From a@b Sat Nov 21 12:33:34 2026\nSubject: Gleich\n\n${line.repeat(700)}\n`.repeat(400))
    const pieces = vi.spyOn(Buffer.prototype, 'subarray')
    const { files } = await read('a.mbox', box, 399).finally(() => pieces.mockRestore())
    expect(files.map(({ path }) => path)).toEqual(['Gleich (400).eml'])
    // 21 MB in 280,000 lines take 130 ms of the processor; 950 ms when each line was a piece.
    expect(pieces.mock.calls.length).toBeLessThan(20_000)
  })

  test('of 300 long mails is read as a stream', async () => {
    const long = 'Die Straße ist gesperrt. '.repeat(20_000)
    const mails = Array.from({ length: 300 }, (_, at) => Buffer.from(`Subject: Nummer ${at}\n\n${long}\n`))
    const bytes = writeMbox(mails)
    const before = process.memoryUsage().rss
    const { files } = await read('a.mbox', bytes)
    expect(files).toHaveLength(300)
    expect(files[299]!.path).toBe('Nummer 299.eml')
    expect(process.memoryUsage().rss - before).toBeLessThan(bytes.length)
  })
})

const odd = process.env.EVAL_DIR ? join(process.env.EVAL_DIR, 'office-odd') : ''
/** A fuzzer's, and mailboxes without their last line's end. */
const broken = ['clusterfuzz', 'multiline2.mbox', 'testMBOX_lengthy']
const real = existsSync(odd) ? (await readdir(odd)).filter(name => /\.(eml|msg|mbox|zip)$/.test(name)) : []

describe.skipIf(real.length === 0)('odd files of others (needs EVAL_DIR)', () => {
  test.each(real)('%s', async name => {
    const outcome = await read(name, await readFile(join(odd, name))).catch((error: unknown) => error)
    if (outcome instanceof AppError) expect(outcome.code).toBe('')
    const { blocks, reasons } = outcome as Mail
    // One has nothing left but its directory.
    expect(blocks.length > 0 || reasons.length > 0).toBe(true)
    expect(reasons.length > 0).toBe(['unknown_properties.msg', ...broken].some(one => name.startsWith(one)))
  })
})
