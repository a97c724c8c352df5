import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { exampleIcs } from '../../scripts/fixtures/ics.ts'
import { openCalendar } from './calendar.ts'
import { formatOf, HEAD } from './formats.ts'

async function blocksOf(bytes: Uint8Array) {
  const folder = await mkdtemp(join(tmpdir(), 'cloister-calendar-'))
  try {
    await writeFile(join(folder, 'a.ics'), bytes)
    const source = await openCalendar(join(folder, 'a.ics'), { characters: 1e6 })
    const { value } = await source.read(0).next()
    return value && 'segment' in value ? value.segment.blocks : []
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test('events and tasks, with what a reader sees of them', async () => {
  const blocks = await blocksOf(exampleIcs())
  expect(blocks.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'heading Übergabe der Wohnung',
    'paragraph 2024-03-01 10:00 – 2024-03-01 11:30 – FREQ=YEARLY;COUNT=2',
    'paragraph Königstraße 17, Würzburg',
    'paragraph Jörg Weiß <weiss@example.org>',
    'paragraph Anna Beispiel <anna@example.org>',
    'paragraph Zählerstände ablesen, Schlüssel übergeben und ein Protokoll über den Zustand der Böden führen. Bitte die Kaution von 5.535 € bis dahin überweisen.',
    'heading Pay the deposit',
    'paragraph 2024-02-15',
    'heading Hausverwaltung',
  ])
  expect(blocks[0]?.span).toEqual({ unit: 'line', first: 7, last: 21 })
})

test('a calendar that was cut gives what is there', async () => {
  const blocks = await blocksOf(exampleIcs().subarray(0, 330))
  expect(blocks[0]?.text).toBe('Übergabe der Wohnung')
})

test('its name and its first bytes agree', () => {
  const format = formatOf('Termine.ICS')
  expect(format?.mediaType).toBe('text/calendar')
  expect(format?.matches(exampleIcs().subarray(0, HEAD))).toBe(true)
  expect(format?.matches(Buffer.from('Liebe Anna,'))).toBe(false)
})
