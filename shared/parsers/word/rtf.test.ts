import { describe, expect, it } from 'vitest'
import { LEASE } from '../../../scripts/fixtures/lease.ts'
import { exampleRtf, rtfTable, rtfText, writeRtf } from '../../../scripts/fixtures/rtf.ts'
import { readBytes, shown } from './fixture-reading.ts'
import { readRtf } from './rtf.ts'

function linesOf(body: string): string[] {
  return shown([...readRtf(writeRtf(body))])
}

describe('a text of RTF', () => {
  it('is read whole, in order, counted in paragraphs', async () => {
    const { blocks, ending } = await readBytes('Vertrag.rtf', exampleRtf())
    const { title, sections, items, table: rows, note, comment } = LEASE
    expect(shown(blocks)).toEqual([
      `h1 ${title}`,
      ...sections.flatMap(({ heading, paragraphs }, index) => [
        `h1 ${heading}`,
        `p ${paragraphs[0]}`,
        ...(index === 1 ? [`fn ${note}`, `note Jörg Weiß: ${comment}`] : []),
        `p ${paragraphs[1]}`,
      ]),
      ...items.map((item, index) => `li ${index + 1}. ${item}`),
      ...rows.map((row, index) => `tr ${row.join('|')}${index === 0 ? '' : ' <Position Betrag Fällig>'}`),
    ])
    expect(blocks.at(-1)?.span).toEqual({ unit: 'paragraph', first: blocks.length, last: blocks.length })
    expect(ending).toEqual({ cut: false, reasons: [] })
  })

  it('decodes what fonts and escapes say', () => {
    expect(
      linesOf("\\pard Gr\\'fc\\'dfe \\u8364? \\u-10179?\\u-8704? und \\uc2\\u228\\'61\\'65h\\uc0\\u246 x\\par"),
    ).toEqual(['p Grüße € 😀 und ähöx'])
    expect(linesOf("\\pard {\\f2 P\\'f8\\'edli\\'9a} {\\f3 \\'93\\'fa\\'96\\'7b} {\\f1 \\'61\\'b7}\\par")).toEqual([
      'p Příliš 日本 α•',
    ])
    expect(linesOf(`\\pard ${rtfText('„Fuß“ – {a\\b} Ω 𝄞')}\\par`)).toEqual(['p „Fuß“ – {a\\b} Ω 𝄞'])
    expect(linesOf('\\pard{\\upr{alt}{\\*\\ud{\\uc0 neu}}}a\\tab b\\line c\\emdash d\\~e\\-f\\_g\\par')).toEqual([
      'p neua b c—d ef-g',
    ])
  })

  it('knows headings by outline, by the name of their style, and through what it is based on', () => {
    expect(linesOf('\\pard\\s1 a\\par\\s2 b\\par\\s3 c\\par\\pard\\outlinelevel2 d\\par\\pard e\\par')).toEqual([
      'h1 a',
      'h2 b',
      'h1 c',
      'h3 d',
      'p e',
    ])
  })

  it('leaves out what is hidden, deleted, or no text', () => {
    const body =
      '{\\info{\\title Geheim}}{\\*\\unbekannt weg}\\pard sichtbar{\\v  versteckt}{\\deleted  gestrichen}{\\revised  neu}{\\pict\\wmetafile8 0102}{\\*\\objdata ff}{\\bin5 }}}}}\\bin3 \\\\\\ ende\\par'
    expect(linesOf(body)).toEqual(['p sichtbar neu ende'])
  })

  it('goes on in the next paragraph where the mark between them was taken out', () => {
    expect(linesOf('\\pard Erster {\\deleted x\\par}\\pard zweiter.\\par\\pard dritter\\par')).toEqual([
      'p Erster zweiter.',
      'p dritter',
    ])
  })

  it('shows fields by their results, boxes once', () => {
    expect(
      linesOf(
        'Siehe {\\field{\\*\\fldinst HYPERLINK "http://example.org"}{\\fldrslt die Seite}}.{\\shp{\\*\\shpinst{\\sp{\\sn a}{\\sv b}}{\\shptxt im Kasten\\par}}{\\shprslt im Kasten}}\\par {\\field{\\*\\fldinst FORMCHECKBOX{\\*\\formfield{\\fftype1\\ffres25\\ffdefres1}}}{\\fldrslt}} ja\\par',
      ),
    ).toEqual(['p Siehe die Seite.', 'p im Kasten', 'p ☒ ja'])
  })

  it('reads tables: without marks of their own, in one another, followed by text', () => {
    expect(
      linesOf(
        `${rtfTable([
          ['a', 'b'],
          ['c', ''],
        ])}\\pard danach\\par`,
      ),
    ).toEqual(['tr a|b', 'tr c <a b>', 'p danach'])
    expect(linesOf('\\trowd\\cellx1\\cellx2 x\\cell y\\cell\\row\\pard z\\par')).toEqual(['tr x|y', 'p z'])
    expect(
      linesOf(
        '\\trowd\\cellx1\\cellx2\\pard\\intbl\\itap1 links\\par\\pard\\intbl\\itap2 innen a\\nestcell innen b\\nestcell{\\*\\nesttableprops\\trowd\\nestrow}\\pard\\intbl\\itap1 unten\\cell rechts\\cell\\row',
      ),
    ).toEqual(['tr links unten|rechts', 'tr innen a|innen b'])
  })

  it('reads lists with their numbers, without their bullets', () => {
    expect(
      linesOf("\\pard{\\pntext\\f1\\'b7\\tab}Punkt\\par\\pard{\\listtext a)\\tab}klein\\par\\pard frei\\par"),
    ).toEqual(['li Punkt', 'li a) klein', 'p frei'])
  })

  it('reads what Outlook wrapped HTML in', () => {
    const body =
      "\\fromhtml1 {\\*\\htmltag19 <html>}{\\*\\htmltag64 <p>}\\htmlrtf \\htmlrtf0 Sehr geehrte Frau M\\'fcller,{\\*\\htmltag84 &nbsp;}\\htmlrtf \\~\\htmlrtf0 hallo{\\*\\htmltag72 </p>}\\htmlrtf \\par\\htmlrtf0"
    expect(linesOf(body)).toEqual(['p Sehr geehrte Frau Müller, hallo'])
  })

  it('says when the end is missing, and gives what came before', async () => {
    const bytes = exampleRtf()
    const { blocks, ending } = await readBytes('a.rtf', bytes.subarray(0, bytes.length / 2))
    expect(blocks.length).toBeGreaterThan(5)
    expect(ending.reasons).toEqual([{ code: 'partly-damaged' }])
    await expect(readBytes('a.rtf', Buffer.from('kein RTF'))).rejects.toMatchObject({ code: 'type-mismatch' })
  })

  it('says when something stands in it that RTF has no signs for', async () => {
    for (const body of ['um 10 Uhr\\par', "gr\\'fcn\\par"]) {
      const whole = Buffer.from(writeRtf(body))
      expect((await readBytes('a.rtf', Buffer.concat([whole, Buffer.alloc(9)]))).ending.reasons).toEqual([])
      const torn = Buffer.from(whole.toString('latin1').replace(' Uhr', '\0Uhr').replace("r\\'fc", "r\\'f~"), 'latin1')
      expect((await readBytes('a.rtf', torn)).ending.reasons).toEqual([{ code: 'partly-damaged' }])
    }
  })

  it('reads 100,000 groups in one another, and 100,000 closed too often', () => {
    const started = process.cpuUsage()
    expect(linesOf(`${'{\\b '.repeat(100_000)}tief${'}'.repeat(100_000)} oben\\par`)).toEqual(['p tief oben'])
    expect(linesOf(`vorn\\par${'}'.repeat(100_000)} weiter\\par`)).toEqual(['p vorn', 'p weiter'])
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(5)
  })

  it('ignores what follows the last brace', () => {
    expect(shown([...readRtf(Buffer.concat([writeRtf('Text\\par'), Buffer.from('\n\0\0junk')]))])).toEqual(['p Text'])
  })
})
