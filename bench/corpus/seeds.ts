import { exampleCsv } from '../../scripts/fixtures/csv.ts'
import { exampleDocx } from '../../scripts/fixtures/docx.ts'
import { example as exampleMail } from '../../scripts/fixtures/eml.ts'
import { exampleEpub } from '../../scripts/fixtures/epub.ts'
import { exampleHtml } from '../../scripts/fixtures/html.ts'
import { LEASE, leaseText } from '../../scripts/fixtures/lease.ts'
import { example as exampleMailbox } from '../../scripts/fixtures/mbox.ts'
import { example as exampleMsg } from '../../scripts/fixtures/msg.ts'
import { exampleOdp } from '../../scripts/fixtures/odp.ts'
import { exampleOds } from '../../scripts/fixtures/ods.ts'
import { exampleOdt } from '../../scripts/fixtures/odt.ts'
import { examplePptx } from '../../scripts/fixtures/pptx.ts'
import { exampleRtf } from '../../scripts/fixtures/rtf.ts'
import { exampleCode, exampleMarkdown, exampleText } from '../../scripts/fixtures/text.ts'
import { exampleXlsx } from '../../scripts/fixtures/xlsx.ts'
import { example as exampleZip, writeZip } from '../../scripts/fixtures/zip.ts'
import { writePdf } from '../../scripts/write-pdf.ts'
import { pageOf } from './small.ts'

export interface Seed {
  /** What its mutations are told apart by. */
  kind: string
  extension: string
  bytes: Uint8Array
}

/** Twenty files of all formats, each with some hundred words. */
export function writeSeeds(): Seed[] {
  const pages = LEASE.sections.map(({ heading, paragraphs }) => pageOf(heading, paragraphs))
  const seed = (kind: string, bytes: Uint8Array, extension = kind): Seed => ({ kind, extension, bytes })
  return [
    seed('txt', Buffer.from(leaseText())),
    seed('txt of old Windows', exampleText(), 'txt'),
    seed('md', exampleMarkdown()),
    seed('json', exampleCode()),
    seed('csv', exampleCsv()),
    seed('html', exampleHtml()),
    seed('epub', exampleEpub()),
    seed('rtf', exampleRtf()),
    seed('docx', exampleDocx()),
    seed('odt', exampleOdt()),
    seed('xlsx', exampleXlsx()),
    seed('ods', exampleOds()),
    seed('pptx', examplePptx()),
    seed('odp', exampleOdp()),
    seed('eml', exampleMail()),
    seed('msg', exampleMsg()),
    seed('mbox', exampleMailbox()),
    seed('zip', exampleZip()),
    seed(
      'zip of office files',
      writeZip([
        { name: 'Vertrag.docx', bytes: exampleDocx() },
        { name: 'Zähler.csv', bytes: exampleCsv() },
      ]),
      'zip',
    ),
    seed('pdf', writePdf({ pages })),
  ]
}
