import { Kysely, sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { aborted, bytes, createLineParser, openTestCore, type TestCore } from '../../tests/open-core.ts'
import { until } from '../../tests/until.ts'
import { createWordEmbedder, embeddersOf, type WordEmbedder } from '../../tests/word-embedder.ts'
import { AppError } from '../errors.ts'
import type { Schema } from '../store/schema.ts'

let open: TestCore
afterEach(() => open?.close())

/** So many pages of one chunk each. */
const pages = (count: number, word = 'seite') =>
  Array.from({ length: count }, (_, at) => `${word}${at} ${'wort '.repeat(220)}`).join('\n')

async function start(list: WordEmbedder[], settings = {}): Promise<void> {
  open = await openTestCore(createLineParser(), { models: embeddersOf(list), settings: { lookTime: 20, ...settings } })
  open.core.start()
}

const add = async (text: string, name = 'a.txt') =>
  (await open.core.documents.add(open.scope, { name, open: () => bytes(text) })).document.id

const embedded = async (id: string) => (await open.core.documents.get(open.scope, id)).embedded

async function rows<Row>(text: string): Promise<Row[]> {
  const read = new Kysely<Schema>({ dialect: open.database.reader('internal') })
  return (await sql.raw<Row>(text).execute(read)).rows
}

interface IndexRow {
  number: number
  fingerprint: string
  state: string
}
const indexes = () =>
  rows<IndexRow>(
    `select number, fingerprint, iif(retired_at is null, state, 'retired') as state from vector_index order by number`,
  )
const states = async () => (await indexes()).map(({ fingerprint, state }) => [fingerprint, state])

/** Over all indexes in use: how many vectors have no chunk, and how many chunks no vector. */
async function unmatched(): Promise<{ orphans: number; missing: number }> {
  let [orphans, missing] = [0, 0]
  for (const { number, state } of await indexes()) {
    if (state === 'retired') continue
    const count = async (from: string) =>
      (await rows<{ count: number }>(`select count(*) as count from ${from}`))[0].count
    orphans += await count(`vector_${number} where id not in (select id from chunk)`)
    missing += await count(`chunk where id not in (select id from vector_${number})`)
  }
  return { orphans, missing }
}

const found = async (words: string) =>
  (await open.core.search(open.scope, words, { mode: 'vectors', limit: 1 })).map(({ text }) => text.split(' ')[0])

describe('embedding', () => {
  test('comes after the words, in batches, and tells how far it is', async () => {
    let release = () => {}
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const embedder = createWordEmbedder({
      before: async values => {
        if (values.some(value => value.includes('seite16'))) await gate
      },
    })
    await start([embedder])
    const id = await add(pages(40))
    await until(async () => (await embedded(id)) === 16)
    // Words do not wait.
    expect((await open.core.documents.get(open.scope, id)).state).toBe('ready')
    expect((await open.core.search(open.scope, 'seite30', { mode: 'words' }))[0].text).toMatch(/^seite30 /)
    release()
    await open.core.embedded(open.scope)
    expect(await embedded(id)).toBe(40)
    expect(embedder.calls.map(call => call.length)).toEqual([16, 16, 8])
    expect(embedder.calls[0][0]).toMatch(/^passage: seite0 wort/)
    expect(await unmatched()).toEqual({ orphans: 0, missing: 0 })
    expect(await found('seite33')).toEqual(['seite33'])
  })

  test('a file that is called otherwise is found by its new name alone, and keeps its vectors', async () => {
    const model = createWordEmbedder()
    await start([model])
    const id = await add(pages(40), 'mietvertrag.txt')
    const whole = await add(pages(3, 'anders'), 'anderes.txt')
    await open.core.settled(open.scope)
    await open.core.embedded(open.scope)
    const byName = async (words: string) =>
      new Set((await open.core.search(open.scope, words, { mode: 'words', limit: 50 })).map(one => one.documentId))
    expect(await byName('Mietvertrag')).toEqual(new Set([id]))
    const before = await rows('select id, text from chunk order by id')
    const made = model.calls.length
    await open.core.documents.rename(open.scope, id, { name: 'pachtvertrag.txt', path: 'pachtvertrag.txt' })
    await until(async () => (await byName('Pachtvertrag')).size > 0)
    await open.core.embedded(open.scope)
    expect(await byName('Pachtvertrag')).toEqual(new Set([id]))
    expect(await byName('Mietvertrag')).toEqual(new Set())
    expect(await byName('anderes')).toEqual(new Set([whole]))
    expect(await rows('select id, text from chunk order by id')).toEqual(before)
    expect(await unmatched()).toEqual({ orphans: 0, missing: 0 })
    expect(model.calls.length).toBe(made)
  })

  test('goes on after the last batch when it is stopped in the middle', async () => {
    const embedder = createWordEmbedder({
      before: async (values, signal) => {
        if (values.some(value => value.includes('seite16')) && embedder.calls.length === 2) await aborted(signal)
      },
    })
    await start([embedder])
    const id = await add(pages(40))
    await until(() => embedder.calls.length === 2)
    await open.reopen()
    expect(await embedded(id)).toBe(16)
    open.core.start()
    await open.core.embedded(open.scope)
    expect(embedder.calls.map(call => call.length)).toEqual([16, 16, 16, 8])
    expect(await unmatched()).toEqual({ orphans: 0, missing: 0 })
  })

  test('who lost the job writes nothing', async () => {
    const embedder = createWordEmbedder({
      before: async () => {
        // As a delete, or another process that took the job, would.
        await open.core.documents.delete(open.scope, id)
      },
    })
    await start([embedder])
    const id = await add(pages(3))
    await until(() => embedder.calls.length > 0)
    await until(async () => (await open.core.documents.trash(open.scope)).length === 1)
    await open.core.settled(open.scope)
    expect(await unmatched()).toEqual({ orphans: 0, missing: 0 })
    expect(await rows('select * from document_vectors')).toEqual([])
    await until(async () => (await rows(`select * from job where kind = 'embed'`)).length === 0)
  })

  test('of a chunk longer than the model reads is done in parts', async () => {
    const embedder = createWordEmbedder({ contextSize: 100 })
    const list: WordEmbedder[] = []
    await start(list)
    const id = await add(pages(1))
    await open.core.settled(open.scope)
    list.push(embedder)
    await open.core.embedded(open.scope)
    expect(await embedded(id)).toBe(1)
    const [call] = embedder.calls
    expect(call.length).toBeGreaterThan(2)
    for (const text of call) expect(text.split(/\s+/).length).toBeLessThanOrEqual(95)
    expect(await rows('select id from vector_1')).toHaveLength(1)
  })
})

describe('a model that fails', () => {
  const patience = { pause: 2, times: 3 }

  test('in the middle of a document is asked again; the document never fails', async () => {
    let failures = 3
    const embedder = createWordEmbedder({
      before: values => {
        if (values.length > 1 && failures-- > 0) throw new AppError('model-unavailable')
      },
    })
    await start([embedder], { patience })
    const id = await add(pages(5))
    await until(async () => (await embedded(id)) === 5)
    expect((await open.core.documents.get(open.scope, id)).state).toBe('ready')
  })

  test('on one chunk each time leaves that one out, and the others have theirs', async () => {
    const embedder = createWordEmbedder({
      before: values => {
        if (values.some(value => value.includes('seite3 '))) throw new AppError('model-crashed')
      },
    })
    await start([embedder], { patience })
    const id = await add(pages(6))
    await open.core.embedded(open.scope)
    expect(await embedded(id)).toBe(6)
    expect(await unmatched()).toEqual({ orphans: 0, missing: 1 })
    expect(await open.core.search(open.scope, 'seite3')).not.toEqual([])
  })

  test('gives no numbers, or too few of them: nothing of it is kept, the words work, and it is told', async () => {
    for (const broken of [
      (values: readonly string[]) => values.map(() => new Array<number>(64).fill(Number.NaN)),
      (values: readonly string[]) => values.map(() => [1, 2, 3]),
      () => [],
    ]) {
      const embedder = createWordEmbedder({
        before: values => (values[0].startsWith('passage') ? broken(values) : undefined),
      })
      await start([embedder], { patience })
      const id = await add(pages(3))
      await expect(open.core.embedded(open.scope)).rejects.toMatchObject({ code: 'model-invalid' })
      expect(await open.core.documents.get(open.scope, id)).toMatchObject({ state: 'ready', embedded: 0 })
      expect(await open.core.search(open.scope, 'seite1')).not.toEqual([])
      expect(await rows('select id from vector_1')).toEqual([])
      await open.core.settled(open.scope)
      await open.close()
    }
    await start([])
  })

  test('a single vector that is none is left out', async () => {
    const embedder = createWordEmbedder({
      before: values => {
        if (values.length < 2) return
        return values.map(value =>
          Array.from({ length: 64 }, (_, at) => (value.includes('seite1 ') ? Number.NaN : value.length % (at + 2))),
        )
      },
    })
    await start([embedder], { patience })
    await add(pages(4))
    await open.core.embedded(open.scope)
    expect(await unmatched()).toEqual({ orphans: 0, missing: 1 })
  })
})

describe('an embedder', () => {
  test('that comes later embeds what is there, by itself', async () => {
    const list: WordEmbedder[] = []
    await start(list)
    const ids = [await add(pages(3)), await add(pages(2, 'blatt'), 'b.txt')]
    await open.core.settled(open.scope)
    await open.core.embedded(open.scope)
    expect(await indexes()).toEqual([])
    list.push(createWordEmbedder())
    await until(async () => (await embedded(ids[0])) === 3 && (await embedded(ids[1])) === 2)
    expect(await found('blatt1')).toEqual(['blatt1'])
  })

  test('that is another builds a second index beside the first and swaps; search works all the while', async () => {
    let release = () => {}
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const first = createWordEmbedder({ fingerprint: 'first' })
    const second = createWordEmbedder({
      fingerprint: 'second',
      dimensions: 32,
      before: async values => {
        if (values.some(value => value.includes('seite20'))) await gate
      },
    })
    const list = [first]
    await start(list)
    const id = await add(pages(24))
    await open.core.embedded(open.scope)
    list.unshift(second)
    await until(async () => (await embedded(id)) === 16)
    expect(await states()).toEqual([
      ['first', 'active'],
      ['second', 'building'],
    ])
    expect(await found('seite23')).toEqual(['seite23'])
    expect(first.calls.at(-1)).toEqual(['query: seite23'])
    // Added meanwhile: in the index that is searched at once, in the other one too.
    const late = await add(pages(1, 'spät'), 'b.txt')
    await until(async () => (await found('spät0'))[0] === 'spät0')
    expect((await states())[0]).toEqual(['first', 'active'])
    release()
    await open.core.embedded(open.scope)
    await until(async () => (await states()).length === 1)
    expect(await states()).toEqual([['second', 'active']])
    expect(first.calls.flat().some(text => text.startsWith('passage: spät0'))).toBe(true)
    expect([await embedded(id), await embedded(late)]).toEqual([24, 1])
    expect(await unmatched()).toEqual({ orphans: 0, missing: 0 })
    expect([await found('seite23'), await found('spät0')]).toEqual([['seite23'], ['spät0']])
    expect(second.calls.at(-1)).toEqual(['query: spät0'])
  })

  test('that changes back in the middle: the second index gives way', async () => {
    const first = createWordEmbedder({ fingerprint: 'first' })
    let release = () => {}
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const second = createWordEmbedder({ fingerprint: 'second', before: () => gate })
    const list = [first]
    await start(list)
    const id = await add(pages(3))
    await open.core.embedded(open.scope)
    const done = first.calls.length
    list.unshift(second)
    await until(() => second.calls.length > 0)
    list.shift()
    await until(async () => (await indexes())[1].state === 'retired')
    release()
    await until(async () => (await rows(`select * from job where kind = 'embed'`)).length === 0)
    expect((await indexes())[0]).toMatchObject({ fingerprint: 'first', state: 'active' })
    expect([await embedded(id), await found('seite2'), first.calls.length]).toEqual([3, ['seite2'], done + 1])
  })

  test('whose predecessor is gone is searched at once', async () => {
    const list = [createWordEmbedder({ fingerprint: 'first' })]
    await start(list)
    await add(pages(3))
    await open.core.embedded(open.scope)
    let release = () => {}
    const gate = new Promise<void>(resolve => {
      release = resolve
    })
    const before = (values: readonly string[]) => (values[0].startsWith('passage') ? gate : undefined)
    list[0] = createWordEmbedder({ fingerprint: 'second', before })
    await until(async () => (await states()).some(([name, state]) => name === 'second' && state === 'active'))
    expect((await indexes())[0]).toMatchObject({ fingerprint: 'first', state: 'retired' })
    expect((await open.core.search(open.scope, 'seite2'))[0].text).toMatch(/^seite2 /)
    release()
    await open.core.embedded(open.scope)
    expect(await found('seite2')).toEqual(['seite2'])
  })

  test('has no vectors of what is deleted, purged or read anew; undo brings them back', async () => {
    const embedder = createWordEmbedder()
    await start([embedder])
    const id = await add(pages(5))
    const other = await add(pages(2, 'blatt'), 'b.txt')
    await open.core.embedded(open.scope)
    const count = async () => (await rows('select id from vector_1')).length
    await open.core.documents.delete(open.scope, id)
    expect([await count(), await embedded(id), await found('seite3')]).toEqual([2, 0, [expect.stringMatching('blatt')]])
    await open.core.documents.undo(open.scope, id)
    await open.core.embedded(open.scope)
    expect([await count(), await embedded(id), await found('seite3')]).toEqual([7, 5, ['seite3']])
    await open.core.documents.retry(open.scope, id)
    await open.core.embedded(open.scope)
    expect([await count(), await unmatched()]).toEqual([7, { orphans: 0, missing: 0 }])
    await open.core.documents.purge(open.scope, id)
    expect(await count()).toBe(2)
    await open.core.documents.delete(open.scope, other)
    expect(await count()).toBe(0)
  })
})

describe('two models', () => {
  const patience = { pause: 30, times: 0 }
  /** A promise, and what fulfils it. */
  function createGate() {
    let release = () => {}
    const closed = new Promise<void>(resolve => {
      release = resolve
    })
    return { closed, release: () => release() }
  }
  const inDatabase = (text: string) =>
    sql.raw(text).execute(new Kysely<Schema>({ dialect: open.database.writer('internal') }))

  test('the old one fails again and again: the new one goes on, and its index is searched', async () => {
    let broken = false
    const first = createWordEmbedder({
      fingerprint: 'first',
      before: () => {
        if (broken) throw new AppError('model-crashed')
      },
    })
    const gate = createGate()
    const second = createWordEmbedder({ fingerprint: 'second', before: () => gate.closed })
    const list = [first]
    await start(list, { patience })
    for (let number = 0; number < 4; number++) await add(pages(3, `alt${number}x`), `a${number}.txt`)
    await open.core.embedded(open.scope)
    broken = true
    list.unshift(second)
    await until(async () => (await indexes()).length === 2)
    for (let number = 0; number < 3; number++) await add(pages(2, `neu${number}x`), `n${number}.txt`)
    await open.core.settled(open.scope)
    gate.release()
    await open.core.embedded(open.scope)
    await until(async () => (await states()).some(([name, state]) => name === 'second' && state === 'active'))
    expect(await found('neu1x1')).toEqual(['neu1x1'])
    expect(await unmatched()).toEqual({ orphans: 0, missing: 0 })
  })

  test('what waits for one that fails is embedded by another at once; its trouble is forgotten', async () => {
    const bad = createWordEmbedder({
      fingerprint: 'bad',
      before: () => {
        throw new AppError('model-crashed')
      },
    })
    const list = [bad]
    await start(list, { patience: { pause: 60_000, times: 0 } })
    const ids = [await add(pages(2, 'a')), await add(pages(2, 'b'), 'b.txt'), await add(pages(2, 'c'), 'c.txt')]
    await expect(open.core.embedded(open.scope)).rejects.toMatchObject({ code: 'model-crashed' })
    // All of them wait, and hold no slot.
    await until(async () => (await rows(`select id from job where state = 'waiting'`)).length === 3)
    list[0] = createWordEmbedder({ fingerprint: 'good' })
    await until(async () => (await Promise.all(ids.map(embedded))).every(count => count === 2))
    await open.core.embedded(open.scope)
  })

  test('trouble with what is not there any more is none', async () => {
    let broken = true
    const embedder = createWordEmbedder({
      before: () => {
        if (broken) throw new AppError('model-crashed')
      },
    })
    await start([embedder], { patience: { pause: 200, times: 0 } })
    const id = await add(pages(3))
    await expect(open.core.embedded(open.scope)).rejects.toMatchObject({ code: 'model-crashed' })
    await open.core.documents.delete(open.scope, id)
    broken = false
    await open.core.embedded(open.scope)
    await add(pages(3, 'b'), 'b.txt')
    await open.core.embedded(open.scope)
  })

  test('of two programs with different settings destroy nothing of each other', async () => {
    const [first, second] = [
      createWordEmbedder({ fingerprint: 'first' }),
      createWordEmbedder({ fingerprint: 'second' }),
    ]
    const list = [first]
    await start(list)
    await add(pages(3))
    await open.core.embedded(open.scope)
    list[0] = second
    await open.core.embedded(open.scope)
    expect([await found('seite2'), await rows('select id from vector_1')]).toEqual([['seite2'], expect.any(Array)])
    const passages = (embedder: WordEmbedder) => embedder.calls.flat().filter(text => text.startsWith('passage')).length
    const done = [passages(first), passages(second)]
    for (const embedder of [first, second, first]) {
      list[0] = embedder
      await until(async () =>
        (await states()).some(([name, state]) => name === embedder.fingerprint && state === 'active'),
      )
      await open.core.embedded(open.scope)
      expect(await found('seite2')).toEqual(['seite2'])
    }
    expect([passages(first), passages(second)]).toEqual(done)
  })

  test('where nobody starts the work, no index is touched', async () => {
    const list = [createWordEmbedder({ fingerprint: 'first' })]
    await start(list)
    await add(pages(3))
    await open.core.embedded(open.scope)
    await open.reopen()
    list[0] = createWordEmbedder({ fingerprint: 'second' })
    expect(await open.core.search(open.scope, 'seite2')).not.toEqual([])
    await open.core.embedded(open.scope)
    expect(await states()).toEqual([['first', 'active']])
  })

  test('what is read anew meanwhile is found by its vectors before the new index is; what was there is not embedded twice', async () => {
    const gate = createGate()
    const second = createWordEmbedder({
      fingerprint: 'second',
      before: values => (values.some(value => value.includes('block')) ? gate.closed : undefined),
    })
    const held = createGate()
    const first = createWordEmbedder({
      fingerprint: 'first',
      before: values => (values.some(value => value.includes('langsam')) ? held.closed : undefined),
    })
    const list = [first]
    await start(list)
    await add(pages(3, 'block'), 'block.txt')
    const id = await add(pages(3, 'neu'), 'neu.txt')
    await open.core.embedded(open.scope)
    const slow = await add(pages(20, 'langsam'), 'langsam.txt')
    await until(() => first.calls.flat().some(text => text.includes('langsam')))
    list.unshift(second)
    await until(async () => (await indexes()).length === 2)
    // As if the program had ended meanwhile: nobody remembers that it was new.
    await inDatabase(`update job set payload = '{"documentId":"${slow}"}' where key = 'embed:${slow}'`)
    await open.reopen()
    open.core.start()
    held.release()
    await open.core.documents.retry(open.scope, id)
    await until(async () => (await found('neu2'))[0] === 'neu2')
    expect((await states())[0]).toEqual(['first', 'active'])
    await open.core.documents.delete(open.scope, id)
    for (const number of [1, 2])
      expect(await rows(`select id from vector_${number} where id not in (select id from chunk)`)).toEqual([])
    gate.release()
    await open.core.embedded(open.scope)
    expect(first.calls.flat().some(text => text.includes('langsam17'))).toBe(false)
    expect(await unmatched()).toEqual({ orphans: 0, missing: 0 })
  })

  test('an index that cannot be made is told', async () => {
    await start([createWordEmbedder({ dimensions: 9000 })])
    await add(pages(2))
    await expect(open.core.embedded(open.scope)).rejects.toMatchObject({ code: 'internal' })
  })

  test('of two who hold one job, the one that lost it writes nothing', async () => {
    let taken = false
    const embedder = createWordEmbedder({
      before: async values => {
        if (taken || !values[0].startsWith('passage')) return
        taken = true
        await inDatabase(`update job set lease = 'another' where kind = 'embed'`)
      },
    })
    await start([embedder])
    const id = await add(pages(3))
    await until(() => taken)
    await open.core.documents.pause(open.scope, id).catch(() => {})
    await open.reopen()
    expect([await rows('select id from vector_1'), await rows('select * from document_vectors')]).toEqual([[], []])
  })

  test('a document whose job comes to nothing five times rests, and that is told', async () => {
    const gate = createGate()
    await start([createWordEmbedder({ before: () => gate.closed })])
    const id = await add(pages(3))
    await open.core.settled(open.scope)
    await until(async () => (await indexes()).length === 1)
    await inDatabase('drop table vector_1')
    gate.release()
    await until(async () => (await rows(`select id from job where kind = 'embed' and state = 'waiting'`)).length === 1)
    await inDatabase(`update job set attempts = 5, run_after = 0 where kind = 'embed'`)
    await until(async () => (await rows('select 1 from document_vectors where rest_until > 0')).length === 1)
    await expect(open.core.embedded(open.scope)).rejects.toMatchObject({ code: 'model-unavailable' })
    expect(await open.core.documents.get(open.scope, id)).toMatchObject({ state: 'ready', embedded: 0 })
    expect(await rows(`select id from job where state <> 'dead'`)).toEqual([])
  })
})

describe('a search by words and vectors', () => {
  test('finds nothing where no word fits and nothing is nearer than chance', async () => {
    // Words of letters alone: numbers would be found as such.
    const letters = (number: number) => String.fromCharCode(97 + (number % 20), 97 + Math.floor(number / 20))
    const word = (at: number, number: number) => `${letters(at)}k${letters(number)}`
    await start([createWordEmbedder({ synonyms: [[word(7, 7), 'vierbeiner']] })])
    const line = (at: number) => Array.from({ length: 220 }, (_, number) => word(at, number % 40)).join(' ')
    const id = await add(Array.from({ length: 60 }, (_, at) => line(at)).join('\n'))
    await open.core.embedded(open.scope)
    expect(await embedded(id)).toBe(60)
    const results = []
    for (let at = 0; at < 20; at++) results.push((await open.core.search(open.scope, `zzzz${letters(at)}wwww`)).length)
    expect(results.filter(count => count === 0).length).toBeGreaterThanOrEqual(17)
    expect((await open.core.search(open.scope, word(9, 3)))[0].text).toContain(word(9, 0))
    expect((await open.core.search(open.scope, 'vierbeiner', { mode: 'vectors' })).length).toBe(10)
  })
})

describe('a long document', () => {
  test('is out of the search when the call returns; undo waits until the old chunks are gone', async () => {
    await start([createWordEmbedder()])
    const id = await add(pages(300))
    await add(pages(2, 'blatt'), 'b.txt')
    await open.core.embedded(open.scope)
    await open.core.documents.delete(open.scope, id)
    expect((await open.core.search(open.scope, 'seite299 wort', { limit: 50 })).map(({ file }) => file)).not.toContain(
      'a.txt',
    )
    await open.core.documents.undo(open.scope, id)
    await open.core.embedded(open.scope)
    expect(await unmatched()).toEqual({ orphans: 0, missing: 0 })
    expect(await rows('select count(*) as count from chunk')).toEqual([{ count: 302 }])
    expect(await rows('select chunks from library')).toEqual([{ chunks: 302 }])
    expect(await found('seite299')).toEqual(['seite299'])
  }, 60_000)

  test('goes for good with its purge, and after a restart where its deletion was cut short', async () => {
    await start([createWordEmbedder()])
    const [id, other] = [await add(pages(300)), await add(pages(300, 'blatt'), 'b.txt')]
    await open.core.embedded(open.scope)
    await open.core.documents.purge(open.scope, id)
    expect(await rows('select count(*) as count from chunk')).toEqual([{ count: 300 }])
    await open.reopen()
    await open.core.documents.delete(open.scope, other)
    expect(await rows('select count(*) as count from chunk')).toEqual([{ count: 50 }])
    await open.reopen()
    open.core.start()
    await until(async () => (await rows('select id from chunk')).length === 0)
    await until(async () => (await rows(`select id from job where kind = 'clear'`)).length === 0)
    expect([await rows('select * from clearing'), await rows('select id from vector_1')]).toEqual([[], []])
  }, 60_000)
})

describe('the size of chunks', () => {
  test('is told by the tokenizer of the embedder, by the estimate where it fails or hangs', async () => {
    const text = `${'a b c d e f g h i j '.repeat(100)}ende.`
    const chunks = async (embedder?: WordEmbedder) => {
      await start(embedder ? [embedder] : [])
      const id = await add(text)
      await open.core.settled(open.scope)
      const count = (await open.core.documents.get(open.scope, id)).chunks
      await open.close()
      return count
    }
    const estimated = await chunks()
    expect(estimated).toBe(3)
    // 1,001 words are five parts of one size.
    expect(await chunks(createWordEmbedder())).toBe(5)
    expect(await chunks(createWordEmbedder({ contextSize: 128 }))).toBeGreaterThanOrEqual(11)
    const failing = { ...createWordEmbedder(), countTokens: () => Promise.reject(new AppError('model-crashed')) }
    expect(await chunks(failing)).toBe(estimated)
    const hanging = { ...createWordEmbedder(), countTokens: () => new Promise<number[]>(() => {}) }
    expect(await chunks(hanging)).toBe(estimated)
    await start([])
  })
})
