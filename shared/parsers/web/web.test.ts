import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encryption, exampleEpub, writeEpub } from '../../../scripts/fixtures/epub.ts'
import { exampleHtml } from '../../../scripts/fixtures/html.ts'
import { leaseText } from '../../../scripts/fixtures/lease.ts'
import type { Block, Reason } from '../../model/index.ts'
import { DEFAULT_LIMITS } from '../protocol.ts'
import { openEpub } from './epub.ts'
import { htmlBlocks, openHtml } from './html.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-web-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Open = typeof openHtml | typeof openEpub

async function read(
  open: Open,
  bytes: Uint8Array | string,
): Promise<{ blocks: Block[]; reasons: Reason[]; notes: string[] }> {
  const file = join(folder, Math.random().toString(36).slice(2))
  await writeFile(file, bytes)
  const notes: string[] = []
  const source = await open(file, { limits: DEFAULT_LIMITS, note: detail => notes.push(detail) })
  try {
    const blocks: Block[] = []
    const segments = source.read(0)
    for (;;) {
      const { value, done } = await segments.next()
      if (done) return { blocks, reasons: value.reasons ?? [], notes }
      blocks.push(...value.segment.blocks)
    }
  } finally {
    await source.close()
  }
}

const brief = ({ kind, text, level }: Block) => (kind === 'heading' ? `h${level} ${text}` : `${kind} ${text}`)
const shown = (html: string) => [...htmlBlocks(html)].map(brief)
const page = async (html: string | Uint8Array) => (await read(openHtml, html)).blocks.map(brief)
const words = (text: string) => text.match(/[\p{L}\p{N}]+/gu) ?? []

describe('HTML', () => {
  test.each([
    [
      'headings and paragraphs without ends',
      '<h1>Über <b>uns</b><p>Eins<p>Zwei',
      ['h1 Über uns', 'paragraph Eins', 'paragraph Zwei'],
    ],
    [
      'a box inside a heading',
      '<h2><div>3.</div><div>Frist</div></h2><div>Text</div>',
      ['h2 3. Frist', 'paragraph Text'],
    ],
    ['line breaks', 'Anna Weiß<br>Hauptstraße 1<br><br>Neu', ['paragraph Anna Weiß Hauptstraße 1', 'paragraph Neu']],
    [
      'items made of breaks',
      '- Milch<br>- Brot<br>- Salz',
      ['paragraph - Milch', 'paragraph - Brot', 'paragraph - Salz'],
    ],
    [
      'numbers of a list',
      '<ol start=3><li>drei<li>vier<ul><li>darin</ul><li value=9>neun</ol><ol type=a><li>x</ol>',
      ['list-item 3. drei', 'list-item 4. vier', 'list-item darin', 'list-item 9. neun', 'list-item a. x'],
    ],
    [
      'a definition list',
      '<dl><dt>Frist<dd>drei Monate<dt>Kaution:<dd>zwei<dt>offen</dl>',
      ['list-item Frist: drei Monate', 'list-item Kaution: zwei', 'list-item offen'],
    ],
    ['code keeps its lines', '<pre>\na &lt; b\n  c</pre>', ['code a < b\n  c']],
    ['entities', '&Auml;pfel&nbsp;&amp; Birnen&shy;mus &#8364;5 &copy', ['paragraph Äpfel & Birnenmus €5 ©']],
    [
      'what nobody sees',
      'a<script>b</script><style>c</style><!-- d --><template>e</template><noscript>f</noscript><p hidden>g</p><p style="color:red; display: none">h</p><dialog>i</dialog><p aria-hidden=true>j',
      ['paragraph a', 'paragraph j'],
    ],
    [
      'pictures',
      '<img alt="Der Kessel im Keller"><img alt="logo"><img alt="kessel.jpg"><img alt="x" width=1 height=1><img>',
      ['paragraph Der Kessel im Keller'],
    ],
    [
      'links',
      '<a href="https://example.org/x">hier</a> und <a href="https://example.org">https://example.org</a>',
      ['paragraph hier und https://example.org'],
    ],
    [
      'forms',
      '<label>Name</label><input value="Weiß"><input type=hidden value=x><select><option>Herr<option selected>Frau</select><button>Senden</button>',
      ['paragraph Name Weiß Frau Senden'],
    ],
    ['details', '<details><summary>Mehr</summary>Innen</details>', ['paragraph Mehr', 'paragraph Innen']],
    [
      'a picture with words',
      '<p>Vorher<svg><title>weg</title><text>Achse</text></svg>',
      ['paragraph Vorher', 'paragraph Achse'],
    ],
    ['a page in a page', '<iframe srcdoc="&lt;p&gt;Innen&lt;/p&gt;">Rest</iframe>', ['paragraph Innen']],
    ['only hidden text', '<div style="display:none"><p>Doch</p></div>', ['paragraph Doch']],
    [
      'wrong ends',
      '</p></div><b><p>Eins</b> weiter</td></p></b>Zwei</span>',
      ['paragraph Eins weiter', 'paragraph Zwei'],
    ],
  ])('%s', (_name, html, expected) => expect(shown(html)).toEqual(expected))

  test('a table row by row, with its header and what reaches down', () => {
    const html = `<table><caption>Preise</caption><tr><th>Ware<th>Art<th>Preis<tr><td rowspan=2>Pumpe<td>klein<td><p>12 €</p>
      <tr><td>groß<td>20 €</table>`
    expect([...htmlBlocks(html)]).toEqual([
      { kind: 'caption', text: 'Preise' },
      { kind: 'table-row', text: 'Ware Art Preis', cells: [0, 5, 9] },
      {
        kind: 'table-row',
        text: 'Pumpe klein 12 €',
        cells: [0, 6, 12],
        header: 'Ware Art Preis',
        heads: ['Ware', 'Art', 'Preis'],
      },
      { kind: 'table-row', text: 'groß 20 €', cells: [0, 5], header: 'Ware Art Preis Pumpe' },
    ])
  })

  test('cells know what their column is called, under titles that stand over several', () => {
    const html = `<table><tr><th rowspan=2>Gruppe<th colspan=2>2023<th>2024<tr><th>Ist<th>Plan<th>Ist
      <tr><td>Nord<td><td>11<td>12<tr><td>Süd<td colspan=2>20<td>21</table>`
    expect([...htmlBlocks(html)].slice(2).map(({ text, heads }) => [text, heads])).toEqual([
      ['Nord 11 12', ['Gruppe', '2023 Plan', '2024 Ist']],
      ['Süd 20 21', ['Gruppe', '2023 Ist', '2024 Ist']],
    ])
    const names =
      '<table><tr><td>Anna<td>Köln<td>Ärztin<tr><td>Ben<td>Bonn<td>Koch<tr><td>Cora<td>Ulm<td>Köchin</table>'
    expect([...htmlBlocks(names)].at(-1)).toEqual({
      kind: 'table-row',
      text: 'Cora Ulm Köchin',
      cells: [0, 5, 9],
      header: 'Anna Köln Ärztin',
    })
  })

  test('a cell reaches down as far as it says', () => {
    const rows = '<tr><td>klein<td>1 €'.repeat(3)
    const html = `<table><tr><th>Ware<th>Art<th>Preis<tr><td rowspan=2>Pumpe<td>groß<td>2 €${rows}</table>`
    expect([...htmlBlocks(html)].map(block => block.header)).toEqual([
      undefined,
      'Ware Art Preis',
      'Ware Art Preis Pumpe',
      'Ware Art Preis',
      'Ware Art Preis',
    ])
  })

  test('a table that lays out a page is prose; one inside it is a table', () => {
    expect(
      shown(
        '<table><tr><td><h1>Titel</h1><p>Text.</p></td><td><table><tr><th>A<th>B<tr><td>1<td>2</table></td></tr></table>',
      ),
    ).toEqual(['h1 Titel', 'paragraph Text.', 'table-row A B', 'table-row 1 2'])
  })

  test('the page itself, without what is around it, which is said', async () => {
    const { blocks, reasons, notes } = await read(openHtml, exampleHtml())
    const text = blocks.map(block => block.text).join(' ')
    expect(words(text).join(' ')).toContain(words(leaseText().split('\n')[2]!).join(' '))
    for (const word of new Set(words(leaseText()))) expect(text).toContain(word)
    expect(text).not.toMatch(/Startseite|Impressum|Kekse|track/)
    expect(reasons).toEqual([{ code: 'page-frame-left-out', values: { words: 10 } }])
    expect(notes).toHaveLength(1)
    expect(blocks.map(block => block.span)).toEqual(
      blocks.map((_, index) => ({ unit: 'paragraph', first: index + 1, last: index + 1 })),
    )
    expect(blocks.find(block => block.text.startsWith('Heizkosten'))?.header).toBe('Position Betrag Fällig')
  })

  test('an old page: menus by their links; the title is its heading', async () => {
    const prose =
      'Der Verein wurde im Jahr 1921 gegründet und zählt heute dreihundert Mitglieder in allen Abteilungen. '
    const menu = ['Start', 'Verein', 'Termine', 'Kontakt', 'Presse']
      .map(name => `<p><a href="#">${name}</a></p>`)
      .join('')
    expect(await page(`<title>Verein</title>${menu}<p>${prose}</p><p>${prose}</p>`)).toEqual([
      'h1 Verein',
      `paragraph ${prose.trim()}`,
      `paragraph ${prose.trim()}`,
    ])
  })

  const prose =
    'Wir kochen seit 1980 mit frischen Zutaten aus der Region und freuen uns auf Ihren Besuch bei uns. '.repeat(3)
  const links = ['Start', 'Verein', 'Termine', 'Kontakt', 'Presse'].map(name => `<li><a href="#">${name}</a>`).join('')

  test.each([
    ['a menu of dishes', '<section id="menu"><h2>Speisekarte</h2><p>Schnitzel 14,90 €</p></section>', '14,90'],
    ['a warning in an aside', '<aside><p>Achtung: Vor dem Öffnen Strom abschalten.</p></aside>', 'Strom'],
    ['hours beside the text', '<div class="sidebar"><p>Mo-Fr 9-17 Uhr</p></div>', '9-17'],
    ['a number among links', `<footer><ul>${links}</ul><p>Telefon 0211 12345</p></footer>`, '12345'],
    ['prices beside the article', '<table><tr><td>Pumpe<td>120 €</table>', '120'],
  ])('%s is read', async (_name, html, said) => {
    for (const main of ['article', 'div']) {
      const { blocks, reasons } = await read(
        openHtml,
        `<nav><ul>${links}</ul></nav><${main}><p>${prose}</p></${main}>${html}`,
      )
      const text = blocks.map(block => block.text).join(' ')
      expect(text).toContain(said)
      expect(text).not.toContain('Termine')
      expect(reasons[0]?.code).toBe('page-frame-left-out')
    }
  })

  test('links are left out beside an article, and not where they are what there is', async () => {
    const many = Array.from({ length: 40 }, (_, at) => `<li><a href="#">Formular ${at}: Antrag auf Urlaub</a>`).join('')
    const article = `<article><p>${prose}</p></article>`
    expect(await page(`${article}<ul>${links}</ul>`)).toHaveLength(1)
    expect(await page(`${article}<h2>Formulare</h2><ul>${many}</ul>`)).toHaveLength(42)
  })

  test('says when its bytes are damaged', async () => {
    const bytes = Buffer.from(`<meta charset=utf-8><p>${prose}${'ä'.repeat(200)}</p><p>${prose}</p>`)
    const broken = Buffer.concat([bytes.subarray(0, 400), Buffer.alloc(300), bytes.subarray(400)])
    expect((await read(openHtml, bytes)).reasons).toEqual([])
    expect((await read(openHtml, broken)).reasons).toEqual([{ code: 'partly-damaged' }])
  })

  test('never empty for being a menu', async () => {
    const { blocks, reasons } = await read(openHtml, '<nav><a href=x>Eins</a></nav><footer>Zwei</footer>')
    expect(blocks.map(brief)).toEqual(['paragraph Eins', 'paragraph Zwei'])
    expect(reasons).toEqual([])
  })

  test.each([
    ['says Latin-1', iconv.encode('<meta charset=iso-8859-1><p>Größe „5“', 'windows-1252'), 'Größe „5“'],
    ['says nothing', iconv.encode('<p>Größe', 'windows-1252'), 'Größe'],
    ['says Latin-1 and is UTF-8', Buffer.from('<meta charset=iso-8859-1><p>Größe'), 'Größe'],
    ['says UTF-16 and is not', Buffer.from('<meta charset=utf-16><p>Groesse'), 'Groesse'],
    ['is UTF-16', iconv.encode('<p>Größe', 'utf-16le', { addBOM: true }), 'Größe'],
    [
      'says Russian',
      iconv.encode('<meta http-equiv=Content-Type content="text/html; charset=koi8-r"><p>Зима', 'koi8-r'),
      'Зима',
    ],
  ])('a page that %s', async (_name, bytes, expected) => expect(await page(bytes)).toEqual([`paragraph ${expected}`]))

  test('100,000 elements inside one another, in a bearable time', { timeout: 20_000 }, () => {
    for (const open of ['<div>', '<b><p><i>', '<table><tr><td>', '<ul><li>', '<blockquote>'])
      expect([...htmlBlocks(`${open.repeat(100_000)}tief`)].map(({ text }) => text).join('')).toContain('tief')
  })

  test('a page in pieces is the page as a whole', async () => {
    const row = '<tr><td>Pumpe &uuml;<td title="a > b">12&nbsp;€</tr>'
    const html = `<h1>Preise</h1><table><tr><th>Ware<th>Preis</tr>${row.repeat(6_000)}</table>`
    const { blocks } = await read(openHtml, html)
    expect(blocks.map(({ span: _, ...block }) => block)).toEqual([...htmlBlocks(html)])
    expect(blocks).toHaveLength(6_002)
  })
})

describe('EPUB', () => {
  test('chapters in their order, titled by the contents where they have no heading', async () => {
    const { blocks, reasons } = await read(openEpub, exampleEpub())
    const all = blocks.map(brief)
    expect(all.slice(0, 3)).toEqual([
      'h1 Mietvertrag über Geschäftsräume',
      'paragraph Jörg Weiß',
      'h1 Mietvertrag über Geschäftsräume',
    ])
    expect(all.slice(-2)).toEqual(['h1 Anhang', 'paragraph Bitte den Betrag noch einmal prüfen.'])
    expect(blocks.at(-1)?.span).toEqual({ unit: 'paragraph', first: blocks.length, last: blocks.length })
    expect(reasons).toEqual([])
  })

  const chapters = [
    { name: 'b.xhtml', title: 'Erstens', body: '<p>Anfang<br/>und mehr.</p>' },
    { name: 'a.xhtml', title: 'Zweitens', body: '<h2>Eigene</h2><p>Ende.</p>' },
  ]

  test('EPUB 2 with its NCX', async () => {
    const { blocks } = await read(openEpub, writeEpub({ title: 'Buch', chapters, version: 2 }))
    expect(blocks.map(brief)).toEqual([
      'h1 Buch',
      'h1 Erstens',
      'paragraph Anfang und mehr.',
      'h2 Eigene',
      'paragraph Ende.',
    ])
  })

  test('copy protection is said; hidden typefaces are none', async () => {
    const all = ['OEBPS/b.xhtml', 'OEBPS/a.xhtml']
    const aes = 'http://www.w3.org/2001/04/xmlenc#aes128-cbc'
    const write = (algorithm: string, parts: string[]) =>
      writeEpub({ title: 'Buch', chapters, version: 2, more: encryption(algorithm, parts) })
    await expect(read(openEpub, write(aes, all))).rejects.toMatchObject({ code: 'drm-protected' })
    expect((await read(openEpub, write(aes, all.slice(1)))).reasons).toEqual([{ code: 'drm-protected' }])
    const fonts = await read(openEpub, write('http://www.idpf.org/2008/embedding', ['OEBPS/f.otf']))
    expect(fonts.reasons).toEqual([])
  })

  test('what is missing is said, and the rest is read', async () => {
    const bytes = Buffer.from(
      writeEpub({ title: 'Buch', chapters: [...chapters, { name: 'c.xhtml', body: '<p>Weg</p>' }] }),
    )
    const renamed = Buffer.from(bytes.toString('latin1').replaceAll('OEBPS/a.xhtml', 'OEBPS/x.xhtml'), 'latin1')
    const { blocks, reasons } = await read(openEpub, renamed)
    expect(blocks.map(brief)).toContain('paragraph Weg')
    expect(reasons).toEqual([{ code: 'partly-damaged' }])
    const cut = await read(openEpub, bytes.subarray(0, bytes.length - 200))
    expect(cut.blocks.map(brief)).toContain('paragraph Ende.')
    expect(cut.reasons).toEqual([{ code: 'partly-damaged' }])
  })
})
