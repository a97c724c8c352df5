import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeFile } from './decode.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cloister-encoding-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function decoded(bytes: Uint8Array): Promise<string> {
  const file = join(folder, 'file')
  await writeFile(file, bytes)
  let text = ''
  for await (const piece of decodeFile(file)) text += piece
  return text
}

const GERMAN = [
  'für',
  'März',
  'schön',
  'Straße',
  'Übung',
  'Größe: 5 m',
  'Ölheizung',
  'Ärger',
  'GRÖSSE',
  'Die Kündigung bedarf der Schriftform.',
  'Der Mieter trägt die Kosten für kleine Schäden in der Küche, im Bad und an den Türen; größere übernimmt der Vermieter.',
  'Sehr geehrte Damen und Herren,\r\nüber die Fußböden im Flur müssen wir später sprechen.\r\nMit freundlichen Grüßen\r\nJörg Weiß',
]

describe.each(['windows-1252', 'iso-8859-15', 'cp850', 'cp437', 'macroman', 'utf-8'])('German in %s', encoding => {
  test.each(GERMAN)('%s', async text => expect(await decoded(iconv.encode(text, encoding))).toBe(text))
})

test.each([
  ['windows-1252', 'Er sagte: „Das kostet 5 € – nicht mehr.“'],
  ['windows-1252', 'It’s fine. Don’t worry, we’ll pay.\n'],
  ['windows-1252', 'Don’t smoke; it’s forbidden. The tenant’s “deposit” isn’t refunded.'],
  ['windows-1252', 'He said “hello” and left.\n'],
  ['windows-1252', 'Er sagte „Hallo“ und ging.\n'],
  ['windows-1252', 'Er sagte „Hallo“. It’s fine.\n'],
  ['windows-1252', 'Das ist ‚gut‘ so.'],
  ['windows-1252', 'Das „Rote Buch“ gibt’s hier.'],
  ['windows-1252', '“Hello,” she said.\n'],
  ['windows-1252', 'We can’t – it’s “closed”.\n'],
  ['windows-1252', 'mehr…\n'],
  ['windows-1252', '– Punkt eins\n– Punkt zwei\n'],
  ['windows-1252', '• eins\n• zwei\n'],
  ['windows-1252', '5 × 3 ± 2 µm'],
  ['windows-1252', '1½ Liter'],
  ['windows-1252', '«Bonjour» dit-il'],
  ['windows-1252', 'Ø 50 mm'],
  ['windows-1252', 'Ø50'],
  ['windows-1252', '100 ‰'],
  ['windows-1252', '50 % – 60 %'],
  ['macroman', 'It’s fine.'],
  ['macroman', 'He said “hello” and left.'],
  ['macroman', '„Hallo“ sagte er'],
  ['cp850', '5 ½ m²'],
  ['cp850', '┌──┐\n│ a│\n└──┘'],
  ['windows-1252', 'It’s the “right” one… and naïve'],
  ['windows-1252', 'Le café est fermé à cause de la grève; voilà où ça mène.'],
  ['windows-1252', 'El niño pidió más información sobre la educación en España.'],
  ['iso-8859-15', 'Die Miete beträgt 500 € im Monat.'],
  ['cp850', 'Vertrag über die Wohnung gemäß § 535'],
  ['cp437', '┌────────┬───────┐\r\n│ Größe  │ Preis │\r\n└────────┴───────┘'],
  ['cp850', '┌────────┬───────┐\r\n│ Größe  │ Preis │\r\n└────────┴───────┘'],
  ['macroman', 'Das ist „schön“ – für alle Fälle.'],
  ['windows-1250', 'Zażółć gęślą jaźń, mówiła Święta Małgorzata.'],
  ['windows-1250', 'Příliš žluťoučký kůň úpěl ďábelské ódy.'],
  ['windows-1251', 'Съешь же ещё этих мягких французских булок, да выпей чаю.'],
  ['windows-1251', 'Привет'],
  ['cp866', 'Однажды, в студёную зимнюю пору, я из лесу вышел.'],
  ['koi8-r', 'Однажды, в студеную зимнюю пору, я из лесу вышел.'],
  ['windows-1253', 'Η γρήγορη καφετιά αλεπού πηδάει πάνω από το σκυλί.'],
  ['windows-1254', 'Türkçe bir şey söylüyor; ağaçlar ışıklı ve güneşli.'],
])('%s: %s', async (encoding, text) => expect(await decoded(iconv.encode(text, encoding))).toBe(text))

test('the euro sign of the Mac', async () => {
  const bytes = iconv.encode('Größe „klein“: 5 ¤', 'macroman')
  expect(bytes.at(-1)).toBe(0xdb)
  expect(await decoded(bytes)).toBe('Größe „klein“: 5 €')
})

test.each(['utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'])('%s with a mark', async encoding => {
  expect(await decoded(iconv.encode('Größe: 5 m²', encoding, { addBOM: true }))).toBe('Größe: 5 m²')
})

test('a UTF-8 text with a wrong byte, or cut in the middle of a sign, stays UTF-8', async () => {
  const text = 'Schäden über Größe. '.repeat(20)
  expect(await decoded(Buffer.concat([Buffer.from(text), Buffer.from([0xff]), Buffer.from(' Ende')]))).toBe(
    `${text}\ufffd Ende`,
  )
  expect((await decoded(Buffer.from(`${text}ä`).subarray(0, -1))).startsWith(text)).toBe(true)
})
