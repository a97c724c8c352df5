/** What a question finds in sheets and slides, through the real core. */
import { afterEach, expect, test } from 'vitest'
import { examplePptx } from '../scripts/fixtures/pptx.ts'
import { exampleXlsx } from '../scripts/fixtures/xlsx.ts'
import { openTestCore, type TestCore } from './open-core.ts'
import { parsersHere } from './read-format.ts'

let open: TestCore | undefined
afterEach(async () => {
  await open?.close()
  open = undefined
})

async function add(name: string, content: Uint8Array) {
  if (!open) {
    open = await openTestCore(parsersHere)
    open.core.start()
  }
  async function* bytes() {
    yield content
  }
  const { core, scope } = open
  const { document } = await core.documents.add(scope, { name, open: bytes })
  await core.settled(scope)
  return core.documents.get(scope, document.id)
}

async function firstCitation(question: string) {
  if (!open) throw new Error('nothing was added')
  for await (const event of open.core.ask(open.scope, { question }))
    if (event.type === 'finish') return event.answer.citations[0]
  return undefined
}

test('a row of a sheet and a line of a slide are quoted with their place', async () => {
  expect(await add('haus.xlsx', exampleXlsx())).toMatchObject({ state: 'ready', paged: false })
  expect(await add('versammlung.pptx', examplePptx())).toMatchObject({ state: 'ready', segments: 4 })
  expect(await firstCitation('Wie hoch war die Miete im März?')).toMatchObject({
    quote: 'März 875,00 € 122,00 € 04.03.2024',
    page: null,
    where: { headings: ['Kosten'], span: { unit: 'row', first: 7, last: 7 }, cells: 'B7:E7' },
    cells: [
      { head: 'Monat', text: 'März' },
      { head: 'Miete', text: '875,00 €' },
      { head: 'Nebenkosten', text: '122,00 €' },
      { head: 'Gezahlt am', text: '04.03.2024' },
    ],
  })
  expect(await firstCitation('Wer hat die Ziegel am Dach ersetzt?')).toMatchObject({
    where: { headings: ['Arbeiten'] },
  })
  expect(await firstCitation('Was kostet das Angebot der Zimmerei für das Dach?')).toMatchObject({
    quote: 'Das Dach wird im Sommer neu gedeckt; das Angebot der Zimmerei liegt bei 48.300 Euro.',
    where: { headings: ['Was beschlossen werden soll'], span: { unit: 'slide', first: 2, last: 2 } },
  })
})

test('a column that is empty in a row does not answer for another', async () => {
  const rows = ['Konto;Soll;Haben;Tag', '1000;12,50;;1.1.2024', '2000;;13,75;2.1.2024', '3000;14,10;;3.1.2024']
  await add('buchungen.csv', Buffer.from(rows.join('\n')))
  expect(await firstCitation('Wie hoch ist das Haben bei Konto 2000?')).toMatchObject({
    quote: '2000 13,75 2.1.2024',
    cells: [
      { head: 'Konto', text: '2000' },
      { head: 'Haben', text: '13,75' },
      { head: 'Tag', text: '2.1.2024' },
    ],
  })
})
