import { describe, expect, test } from 'vitest'
import { createTranslate } from '../../shared/messages/index.ts'
import { createNotifier, type Happening, longWork, type Note, noteOf } from './notifications.ts'
import { createWork, type WorkDocument } from './progress.ts'

const document = (id: string, more: Partial<WorkDocument> = {}): WorkDocument => ({
  id,
  name: `${id}.pdf`,
  state: 'queued',
  segments: null,
  parsed: 0,
  indexed: 0,
  ...more,
})

describe('how far the work is', () => {
  test('grows from nothing to its end, and says what came of it', () => {
    let now = 1000
    const work = createWork(() => now)
    expect(work.now()).toEqual({ open: 0, paused: 0, part: undefined })
    work.hear(document('a'), 'a')
    work.hear(document('b'), 'b')
    expect(work.now()).toEqual({ open: 2, paused: 0, part: 0 })
    work.hear(document('a', { state: 'parsing', segments: 10, parsed: 5 }), 'a')
    expect(work.now().part).toBeCloseTo(0.175)
    work.hear(document('a', { state: 'indexing', segments: 10, parsed: 10, indexed: 5 }), 'a')
    expect(work.now().part).toBeCloseTo(0.425)
    now += 40_000
    expect(work.hear(document('a', { state: 'ready' }), 'a')).toBeUndefined()
    expect(work.now().part).toBeCloseTo(0.5)
    expect(work.hear(document('b', { state: 'failed' }), 'b')).toEqual({
      took: 40_000,
      read: 1,
      failed: 1,
      name: undefined,
    })
    expect(work.now()).toEqual({ open: 0, paused: 0, part: undefined })
    // It is read already: nothing begins with that.
    expect(work.hear(document('c', { state: 'ready' }), 'c')).toBeUndefined()
  })

  test('does not end well with what was held, cancelled or removed', () => {
    const work = createWork(() => 0)
    for (const id of ['a', 'b', 'c']) work.hear(document(id), id)
    work.hear(document('a', { state: 'paused' }), 'a')
    work.hear(document('b', { state: 'cancelled' }), 'b')
    expect(work.now()).toMatchObject({ open: 1, paused: 1 })
    expect(work.hear(null, 'c')).toBeUndefined()
    expect(work.now()).toMatchObject({ open: 0, paused: 1 })
    work.hear(document('a'), 'a')
    expect(work.hear(document('a', { state: 'ready' }), 'a')).toEqual({ took: 0, read: 1, failed: 0, name: 'a.pdf' })
  })

  test('counts those that are too many to be named, and what ended unheard', () => {
    let now = 0
    const work = createWork(() => now)
    work.know([document('a'), document('b')], 5)
    expect(work.now()).toEqual({ open: 5, paused: 0, part: 0 })
    work.hear(document('c', { state: 'parsing' }), 'c')
    work.hear(document('d', { state: 'ready' }), 'd')
    expect(work.now()).toMatchObject({ open: 4, part: 0.2 })
    now = 50_000
    expect(work.know([], 0)).toMatchObject({ took: 50_000, read: 4, failed: 0 })
  })
})

describe('notes', () => {
  const work = { took: longWork, read: 1, failed: 0, name: 'Vertrag.pdf' }
  const happenings: Happening[] = [
    { kind: 'read', work },
    { kind: 'read', work: { ...work, read: 3, name: undefined } },
    { kind: 'read', work: { ...work, read: 3, failed: 2, name: undefined } },
    { kind: 'downloaded', name: 'modell.gguf', took: longWork },
    { kind: 'download-failed', name: 'modell.gguf' },
    { kind: 'backup-failed', reason: { code: 'disk-full', values: {} } },
    { kind: 'folder-vanished', name: 'Rechnungen' },
    { kind: 'files-missing', name: 'Rechnungen' },
    { kind: 'trouble', reason: { code: 'disk-full', values: {} } },
    { kind: 'shortcut-taken', keys: 'Strg+Umschalt+Leertaste' },
  ]

  test.each(['de', 'en'] as const)('are whole sentences in %s', language => {
    const notes = happenings.map(happening => noteOf(happening, createTranslate(language))!)
    for (const { title, body } of notes) {
      expect(title).not.toMatch(/^$|\{\{|desktop\./)
      expect(body).not.toMatch(/^$|\{\{|desktop\./)
    }
    expect(notes[0]?.body).toBe('Vertrag.pdf')
  })

  test('are not for what is short', () => {
    const words = createTranslate('de')
    expect(noteOf({ kind: 'read', work: { ...work, took: longWork - 1 } }, words)).toBeUndefined()
    expect(noteOf({ kind: 'downloaded', name: 'x', took: 5 }, words)).toBeUndefined()
  })

  test('have a name on one line, cut in the middle', () => {
    const note = noteOf({ kind: 'download-failed', name: `a\n\u202e${'x'.repeat(500)}.gguf` }, createTranslate('en'))
    expect(note?.body).toMatch(/^a x+…x+\.gguf$/)
    expect([...note!.body].length).toBe(80)
  })

  test('come only to who looks elsewhere and wants them, and trouble once a day', () => {
    const notes: Note[] = []
    let [enabled, inFront, now] = [true, false, 0]
    const tell = createNotifier({
      words: () => createTranslate('de'),
      enabled: () => enabled,
      inFront: () => inFront,
      notify: note => notes.push(note),
      clock: () => now,
    })
    const failed: Happening = { kind: 'backup-failed', reason: { code: 'disk-full', values: {} } }
    tell(failed)
    tell(failed)
    now += 23 * 3_600_000
    tell(failed)
    expect(notes).toHaveLength(1)
    now += 2 * 3_600_000
    tell(failed)
    expect(notes).toHaveLength(2)
    tell({ kind: 'read', work })
    tell({ kind: 'read', work })
    expect(notes).toHaveLength(4)
    inFront = true
    tell({ kind: 'read', work })
    inFront = false
    enabled = false
    tell({ kind: 'read', work })
    expect(notes).toHaveLength(4)
  })
})
