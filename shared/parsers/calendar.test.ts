import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exampleIcs } from '../../scripts/fixtures/ics.ts'
import type { Block } from '../model/index.ts'
import { openCalendar } from './calendar.ts'
import { formatOf, HEAD } from './formats.ts'
import { DEFAULT_LIMITS } from './protocol.ts'

async function read(bytes: Uint8Array | string) {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-calendar-'))
  try {
    await writeFile(join(folder, 'a.ics'), bytes)
    const source = await openCalendar(join(folder, 'a.ics'), { limits: DEFAULT_LIMITS, note: () => {} })
    const reading = source.read(0)
    const blocks: Block[] = []
    for (;;) {
      const { value, done } = await reading.next()
      if (done) return { blocks, reasons: value.reasons }
      if ('segment' in value) blocks.push(...value.segment.blocks)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('events and tasks, with what a reader sees of them', async () => {
  const { blocks, reasons } = await read(exampleIcs())
  expect(reasons).toEqual([])
  expect(blocks.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'heading Übergabe der Wohnung',
    'paragraph Übergabe der Wohnung · 2024-03-01 10:00 – 2024-03-01 11:30 Europe/Berlin – FREQ=YEARLY;COUNT=2 · Königstraße 17, Würzburg',
    'paragraph Jörg Weiß <weiss@example.org>',
    'paragraph Anna Beispiel <anna@example.org>',
    'paragraph Zählerstände ablesen, Schlüssel übergeben und ein Protokoll über den Zustand der Böden führen. Bitte die Kaution von 5.535 € bis dahin überweisen.',
    'heading Pay the deposit',
    'paragraph Pay the deposit · 2024-02-15',
    'heading Hausverwaltung',
  ])
  expect(blocks[0]?.span).toEqual({ unit: 'line', first: 7, last: 21 })
})

test('a calendar that was cut gives what is there', async () => {
  const { blocks, reasons } = await read(exampleIcs().subarray(0, 330))
  expect(reasons).toEqual([{ code: 'partly-damaged' }])
  expect(blocks[0]?.text).toBe('Übergabe der Wohnung')
})

const event = (...lines: string[]) =>
  ['BEGIN:VCALENDAR', 'BEGIN:VEVENT', 'SUMMARY:Urlaub', ...lines, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n')

test.each([
  [
    'an end without a time is the day after',
    ['DTSTART;VALUE=DATE:20240301', 'DTEND;VALUE=DATE:20240309'],
    'Urlaub · 2024-03-01 – 2024-03-08',
  ],
  [
    'over the end of a month',
    ['DTSTART;VALUE=DATE:20240220', 'DTEND;VALUE=DATE:20240301'],
    'Urlaub · 2024-02-20 – 2024-02-29',
  ],
  ['one day', ['DTSTART;VALUE=DATE:20240301', 'DTEND;VALUE=DATE:20240302'], 'Urlaub · 2024-03-01'],
  [
    'called off',
    ['DTSTART:20240301T100000Z', 'STATUS:CANCELLED'],
    'Urlaub · 2024-03-01 10:00 UTC (cancelled, abgesagt)',
  ],
  [
    'days left out, in a zone',
    [
      'DTSTART;TZID="America/New_York":20240301T100000',
      'RRULE:FREQ=WEEKLY',
      'EXDATE;TZID=America/New_York:20240308T100000,20240315T100000',
    ],
    'Urlaub · 2024-03-01 10:00 America/New_York – FREQ=WEEKLY – EXDATE=2024-03-08 10:00,2024-03-15 10:00',
  ],
  [
    'who does not come',
    ['ATTENDEE;CN=Bo;PARTSTAT=DECLINED:mailto:bo@example.org'],
    'Bo <bo@example.org> (declined, abgelehnt)',
  ],
])('%s', async (_, lines, text) => {
  const { blocks, reasons } = await read(event(...lines))
  expect(blocks.map(block => block.text)).toEqual(['Urlaub', text])
  expect(reasons).toEqual([])
})

test('what no calendar holds is damage', async () => {
  const damaged = [{ code: 'partly-damaged' }]
  const whole = event('DTSTART:20240301T100000Z', 'DESCRIPTION:Ein langer Text ohne Ende')
  expect((await read(whole.replace('langer', '\0\0\0\0\0'))).reasons).toEqual(damaged)
  expect((await read(whole.replace('END:VEVENT\r\n', ''))).reasons).toEqual(damaged)
})

test('its name and its first bytes agree', () => {
  const format = formatOf('Termine.ICS')
  expect(format?.mediaType).toBe('text/calendar')
  expect(format?.matches(exampleIcs().subarray(0, HEAD))).toBe(true)
  expect(format?.matches(Buffer.from('Liebe Anna,'))).toBe(false)
})
