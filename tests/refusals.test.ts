/** What people are told of files that cannot be read, or not as a whole: through the real core, in both languages. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeDocx } from '../scripts/fixtures/docx.ts'
import { encryption, writeEpub } from '../scripts/fixtures/epub.ts'
import { exampleOdt } from '../scripts/fixtures/odt.ts'
import { writeProtectedPdf } from '../scripts/fixtures/protected-pdf.ts'
import { exampleXlsx } from '../scripts/fixtures/xlsx.ts'
import { writeBomb, writeZip } from '../scripts/fixtures/zip.ts'
import { textOf } from '../server/present.ts'
import { AppError, reasonOf } from '../shared/errors.ts'
import { createTranslate } from '../shared/messages/index.ts'
import { KINDS } from '../shared/messages/kinds.ts'
import type { Reason } from '../shared/model/index.ts'
import { FORMATS } from '../shared/parsers/formats.ts'
import { createParsers } from '../shared/parsers/parsers.ts'
import { CODE_TYPES } from '../shared/parsers/text/code-types.ts'
import { createForkedProcesses } from '../shared/processes/fork.ts'
import { openTestCore, type TestCore } from './open-core.ts'
import { silent } from './open-store.ts'

const texts = { de: createTranslate('de'), en: createTranslate('en') }
const latin = (text: string) => Buffer.from(text, 'latin1')

/** An OLE file with one stream of this name, as far as a look at its directory goes. */
function ole(stream: string): Buffer {
  const bytes = Buffer.alloc(1536)
  latin('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1').copy(bytes)
  bytes.write(stream, 1024, 'utf16le')
  bytes.writeUInt16LE(2 * stream.length + 2, 1024 + 64)
  return bytes
}

const png = latin(`\x89PNG\r\n\x1a\n${'\0'.repeat(64)}`)
const nested = (levels: number): Buffer =>
  writeZip([
    levels === 0 ? { name: 'innen.txt', bytes: 'Ganz unten.' } : { name: `${levels}.zip`, bytes: nested(levels - 1) },
  ])

type Case = [name: string, bytes: Uint8Array, code: string, german: RegExp, english: RegExp]
const cases: Case[] = [
  ['leer.txt', Buffer.alloc(0), 'empty-file', /leer/, /empty/],
  ['brief.doc', ole('WordDocument'), 'unsupported-type', /speichern Sie sie als \.docx/, /save it as \.docx/],
  ['fotos.7z', latin('7z'), 'unsupported-type', /nur ZIP\. Packen Sie/, /only ZIP can\. Unpack/],
  ['lied.mp3', latin('ID3'), 'unsupported-type', /Ton- oder Filmaufnahme/, /sound or video recording/],
  ['plan.dwg', latin('AC1027'), 'unsupported-type', /Lesbar sind PDF, Word/, /What can: PDF, Word/],
  ['groß.txt', Buffer.alloc(2 * 1024 * 1024, 'a '), 'too-large', /Grenze von 1 MB\. Teilen/, /limit of 1 MB\. Split/],
  ['brief.docx', ole('WordDocument'), 'type-mismatch', /altes Word-Dokument.*\.docx/, /old Word document.*\.docx/],
  ['liste.xlsx', ole('Workbook'), 'type-mismatch', /alte Excel.*\.xlsx/, /old Excel.*\.xlsx/],
  ['vortrag.pptx', ole('PowerPoint Document'), 'type-mismatch', /alte PowerPoint.*\.pptx/, /old PowerPoint.*\.pptx/],
  ['rechnung.pdf', png, 'type-mismatch', /ein Bild \(PNG\).*\.png endet/, /a picture \(PNG\).*ends in \.png/],
  ['bericht.docx', exampleXlsx(), 'type-mismatch', /Excel-Arbeitsmappe.*\.xlsx/, /Excel workbook.*\.xlsx/],
  ['bericht.xlsx', exampleOdt(), 'type-mismatch', /OpenDocument-Text.*\.odt/, /OpenDocument text.*\.odt/],
  ['seite.pdf', latin('<!DOCTYPE html><p>Hallo'), 'type-mismatch', /Webseite.*\.html/, /web page.*\.html/],
  ['text.pdf', latin('Nur ein paar Worte.'), 'type-mismatch', /benennen Sie sie danach um/, /rename it accordingly/],
  ['kaputt.pdf', latin('%PDF-1.7\nnichts'), 'damaged', /beschädigt.*speichern Sie sie neu/, /damaged.*save it anew/],
  ['kaputt.docx', latin('PK\x03\x04nichts'), 'damaged', /beschädigt/, /damaged/],
  ['halb.docx', half(), 'partly-damaged', /was zu retten war\. Prüfen Sie/, /what could be saved was read/],
  ['geheim.pdf', writeProtectedPdf(['Text'], 'x'), 'password-protected', /fragt danach/, /asks for it/],
  [
    'bombe.zip',
    writeBomb({ levels: 1, width: 30, bytes: 9_000_000 }),
    'archive-too-large',
    /Absender trauen/,
    /trust the sender/,
  ],
  ['tief.zip', nested(3), 'archive-too-deep', /drei Ebenen tief.*selbst aus/, /three levels deep\. Unpack/],
  [
    'buch.epub',
    writeEpub({
      title: 'Buch',
      chapters: [{ name: 'eins.xhtml', title: 'Eins', body: '<p>Text</p>' }],
      more: encryption('http://www.w3.org/2001/04/xmlenc#aes256-cbc', ['OEBPS/eins.xhtml']),
    }),
    'drm-protected',
    /Kopierschutz/,
    /copy protection/,
  ],
  ['tief.docx', deep(), 'too-deep', /verschachtelt/, /nested/],
]

function deep(): Uint8Array {
  const levels = 3000
  const open = '<w:tbl><w:tr><w:tc>'.repeat(levels)
  const close = '</w:tc></w:tr></w:tbl>'.repeat(levels)
  return writeDocx({ body: `${open}<w:p><w:r><w:t>Unten.</w:t></w:r></w:p>${close}` })
}

/** The end of the text is gone, and with it its checksum. */
function half(): Uint8Array {
  const paragraphs = Array.from(
    { length: 4000 },
    (_, number) => `<w:p><w:r><w:t>Satz ${number * 7919}.</w:t></w:r></w:p>`,
  )
  const bytes = writeDocx({ body: paragraphs.join('') })
  return bytes.slice(0, Math.floor(bytes.length * 0.8))
}

describe('what people are told', () => {
  let open: TestCore
  const told = new Map<string, Reason[]>()

  beforeAll(async () => {
    const parser = fileURLToPath(new URL('../shared/parsers/process.ts', import.meta.url))
    const processes = createForkedProcesses({ entries: { parser }, log: silent })
    open = await openTestCore(createParsers({ spawn: () => processes.spawn('parser'), log: silent, processes: 1 }), {
      settings: { recognition: false },
    })
    open.core.start()
    const { core, scope } = open
    const ids = new Map<string, string>()
    for (const [name, bytes] of cases) {
      const stream = async function* () {
        yield bytes
      }
      try {
        const { document } = await core.documents.add(scope, { name, open: stream, limit: 1024 * 1024 })
        ids.set(name, document.id)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        told.set(name, [reasonOf(error)])
      }
    }
    await core.settled(scope, AbortSignal.timeout(250_000))
    for (const [name, id] of ids) {
      const family = (await core.documents.list(scope)).filter(({ path }) => path.startsWith(name))
      const receipts = await Promise.all(family.map(one => core.documents.receipt(scope, one.id)))
      const { reason } = await core.documents.get(scope, id)
      const reasons = receipts.flatMap(receipt => [
        ...(receipt?.reasons ?? []),
        ...(receipt?.files ?? []).flatMap(file => file.reason ?? []),
      ])
      told.set(name, [...(reason ? [reason] : []), ...reasons])
    }
  }, 300_000)
  afterAll(() => open.close())

  test.each(cases)('%s', (name, _, code, german, english) => {
    const reasons = told.get(name) ?? []
    const reason = reasons.find(one => one.code === code)
    if (!reason) throw new Error(`not ${code}, but ${JSON.stringify(reasons)}`)
    expect(textOf(texts.de, reason)).toMatch(german)
    expect(textOf(texts.en, reason)).toMatch(english)
    for (const translate of [texts.de, texts.en]) expect(textOf(translate, reason)).not.toMatch(/\{\{|undefined/)
  })
})

/** A word for each format in what is told of one that cannot be read; a new format needs one too. */
const families: Record<string, string> = {
  pdf: 'PDF',
  md: 'Markdown',
  txt: 'Text',
  eml: 'EML',
  msg: 'MSG',
  mbox: 'MBOX',
  zip: 'ZIP',
  docx: 'Word',
  odt: 'OpenDocument',
  rtf: 'RTF',
  xlsx: 'Excel',
  ods: 'OpenDocument',
  csv: 'CSV',
  tsv: 'CSV',
  pptx: 'PowerPoint',
  odp: 'OpenDocument',
  png: 'PNG',
  jpg: 'JPEG',
  tif: 'TIFF',
  webp: 'WebP',
  html: 'HTML',
  epub: 'EPUB',
  vtt: 'VTT',
  ics: 'ICS',
}

test('the kinds of files that can be read are all named', () => {
  const reason: Reason = { code: 'unsupported-type', values: { name: 'x.y' } }
  for (const { extensions, mediaType } of FORMATS) {
    const word = families[extensions[0] ?? '']
    // Named as source code.
    if (mediaType in CODE_TYPES) continue
    expect([extensions[0], word]).not.toContain(undefined)
    for (const translate of [texts.de, texts.en])
      expect(textOf(translate, reason).toLowerCase()).toContain(word?.toLowerCase())
  }
})

test('what a kind is to be saved as, or renamed to, can be read', () => {
  const known = new Set(FORMATS.flatMap(({ extensions }) => extensions))
  for (const { ending } of Object.values(KINDS))
    for (const one of ending.split(', ').filter(Boolean)) expect(known).toContain(one.slice(1))
})
