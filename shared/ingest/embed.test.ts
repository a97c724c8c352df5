import { Kysely, sql } from 'kysely'
import { afterEach, describe, expect, test } from 'vitest'
import { bytes, createLineParser, openTestCore, type TestCore } from '../../tests/open-core.ts'
import { createWordEmbedder, embeddersOf, type WordEmbedder } from '../../tests/word-embedder.ts'
import { AppError } from '../errors.ts'
import type { Schema } from '../store/schema.ts'

let open: TestCore
afterEach(() => open?.close())

/** So many pages of one chunk each. */
const pages = (count: number, word = 'seite') =>
  Array.from({ length: count }, (_, at) => `${word}${at} ${'wort '.repeat(220)}`).join('\n')

async function start(list: WordEmbedder[], settings = {}): Promise<void> {
  open = await openTestCore(createLineParser(), undefined, embeddersOf(list), { lookTime: 20, ...settings })
  open.core.start()
}

const add = async (text: string, name = 'a.txt') =>
  (await open.core.documents.add(open.scope, { name, open: () => bytes(text) })).document.id

async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + 15_000; !(await condition()); ) {
    if (Date.now() > end) throw new Error('it did not come to pass in 15 s')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

const embedded = async (id: string) => (await open.core.documents.get(open.scope, id)).embedded

async function rows<Row>(text: string): Promise<Row[]> {
  const read = new Kysely<Schema>({ dialect: open.database.reader })
  return (await sql.raw<Row>(text).execute(read)).rows
}

interface IndexRow {
  number: number
  fingerprint: string
  state: string
}
const indexes = () => rows<IndexRow>('select number, fingerprint, state from vector_index order by number')

/** Over all indexes: how many vectors have no chunk, and how many chunks no vector. */
async function unmatched(): Promise<{ orphans: number; missing: number }> {
  let [orphans, missing] = [0, 0]
  for (const { number } of await indexes()) {
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

  test('goes on after the last batch when it is stopped in the middle', async () => {
    const embedder = createWordEmbedder({
      before: async (values, signal) => {
        if (values.some(value => value.includes('seite16')) && embedder.calls.length === 2)
          await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
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
    const states = async () => (await indexes()).map(({ fingerprint, state }) => [fingerprint, state])
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

  test('that changes back in the middle gives the second index up', async () => {
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
    await until(async () => (await indexes()).length === 1)
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
    await until(async () => (await indexes()).length === 1 && (await indexes())[0].fingerprint === 'second')
    expect((await indexes())[0].state).toBe('active')
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

describe('a long document', () => {
  test('is out of the search when the call returns; undo waits until the old chunks are gone', async () => {
    await start([createWordEmbedder()])
    const id = await add(pages(600))
    await add(pages(2, 'blatt'), 'b.txt')
    await open.core.embedded(open.scope)
    await open.core.documents.delete(open.scope, id)
    expect((await open.core.search(open.scope, 'seite599 wort', { limit: 50 })).map(({ file }) => file)).not.toContain(
      'a.txt',
    )
    await open.core.documents.undo(open.scope, id)
    await open.core.embedded(open.scope)
    expect(await unmatched()).toEqual({ orphans: 0, missing: 0 })
    expect(await rows('select count(*) as count from chunk')).toEqual([{ count: 602 }])
    expect(await rows('select chunks from library')).toEqual([{ chunks: 602 }])
    expect(await found('seite599')).toEqual(['seite599'])
  }, 60_000)

  test('goes for good with its purge, and after a restart where its deletion was cut short', async () => {
    await start([createWordEmbedder()])
    const [id, other] = [await add(pages(600)), await add(pages(600, 'blatt'), 'b.txt')]
    await open.core.embedded(open.scope)
    await open.core.documents.purge(open.scope, id)
    expect(await rows('select count(*) as count from chunk')).toEqual([{ count: 600 }])
    await open.reopen()
    await open.core.documents.delete(open.scope, other)
    expect(await rows('select count(*) as count from chunk')).toEqual([{ count: 350 }])
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
