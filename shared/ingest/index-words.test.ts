import { expect, test } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import type { Chunk, Document, Language, Segment } from '../model/index.ts'
import type { Job, Queue } from '../ports.ts'
import { createIndexStage } from './index-words.ts'

const words = (count: number, word: string) => `${Array(count).fill(word).join(' ')}.`
const segments: Segment[] = [1, 2, 3].map(number => ({
  number,
  width: 595,
  height: 842,
  blocks: [{ kind: 'paragraph', text: `Der ${words(100, `Seite${number}`)}` }],
}))
const queue = { async renew() {}, async settle() {} } as unknown as Queue
const linguistics = {
  /** By three words, whichever stands there most. */
  tellLanguage(text: string): Language | undefined {
    const told = [...text.matchAll(/\b(?:der|the|le)\b/gi)].map(([word]) => word.toLowerCase())
    const count = (word: string) => told.filter(one => one === word).length
    const best = (['der', 'the', 'le'] as const).toSorted((a, b) => count(b) - count(a))[0]!
    return count(best) === 0 ? undefined : ({ der: 'de', the: 'en', le: 'other' } as const)[best]
  },
  terms: (text: string) => text.toLowerCase().replaceAll('.', '').split(' '),
  splitSentences: (text: string) => [{ start: 0, end: text.length }],
}

interface Given {
  segments: Segment[]
  file?: { name: string; mediaType: string }
  /** What an earlier, killed run stored: the language of the document, and of each chunk. */
  language?: Language
  earlier?: readonly string[]
}

/** Indexes a document, and gives what is there then. */
async function indexOf({ segments, file, language = 'de', earlier = [] }: Given): Promise<{
  document: Document
  chunks: { text: string; language: Language }[]
  statistics: object
}> {
  const { store, scope, clock, close } = await openTestStore()
  try {
    const { name, mediaType } = file ?? { name: 'a.pdf', mediaType: 'application/pdf' }
    const document = await store.transaction(scope, async tx => {
      const document = await store.documents.insert(tx, scope, { name, path: name, mediaType, size: 1, blob: 'b' })
      await store.segments.insert(tx, document.id, segments)
      const chunks = earlier.map((text, position): Chunk => {
        const kind = 'paragraph' as const
        const piece = { at: 0, segment: position + 1, block: 0, kind, from: 0, to: text.length }
        const terms = linguistics.terms(text)
        return { position, text, headings: [], pieces: [piece], language, terms, contextTerms: [] }
      })
      await store.chunks.insert(tx, scope.projectId, document.id, chunks)
      const parsed = { parsed: segments.length, segments: segments.length, paged: file === undefined }
      const told = earlier.length > 0 ? { chunks: earlier.length, language } : {}
      await store.documents.update(tx, document.id, { ...parsed, ...told })
      return document
    })
    const sizes = async () => undefined
    const ready = async () => {}
    const deps = { store, queue, clock, linguistics, changed: () => {}, sizes, ready }
    const index = createIndexStage({ ...deps, recognizes: async () => true })
    const payload = { documentId: document.id }
    const job: Job = { id: '1', kind: 'index', key: 'k', payload, attempt: 1, lease: 'l', exhausted: false }
    await index(job, new AbortController().signal)
    const found: { text: string; language: Language }[] = []
    const places = Array.from({ length: 50 }, (_, position) => ({ documentId: document.id, position }))
    const stored = await store.chunks.at(scope, places)
    for (const chunk of stored.sort((a, b) => a.position - b.position)) {
      found.push({ text: chunk.text, language: chunk.language })
    }
    const statistics = await store.words.statistics(scope)
    return { document: (await store.documents.get(scope, document.id))!, chunks: found, statistics }
  } finally {
    await close()
  }
}

/** The three pages, over what an earlier run stored. */
async function indexOver(earlier: readonly string[]): Promise<{ texts: string[]; statistics: object; state: string }> {
  const { document, chunks, statistics } = await indexOf({ segments, earlier })
  return { texts: chunks.map(({ text }) => text), statistics, state: document.state }
}

const texts = segments.map(segment => segment.blocks[0].text)
const whole = { texts, statistics: { chunks: 3, terms: 303 }, state: 'ready' }

test('a killed run goes on behind what it stored', async () => {
  expect(await indexOver([])).toEqual(whole)
  expect(await indexOver(texts.slice(0, 2))).toEqual(whole)
  expect(await indexOver(texts)).toEqual(whole)
})

test('what another version of the program stored is made anew', async () => {
  expect(await indexOver([words(50, 'Seite1')])).toEqual(whole)
  expect(await indexOver([...texts, 'Ein Stück zu viel.'])).toEqual(whole)
})

const page = (number: number, ...texts: string[]): Segment => {
  return { number, width: 595, height: 842, blocks: texts.map(text => ({ kind: 'paragraph' as const, text })) }
}
const german = `Der ${words(70, 'Mieter der')}`

test('a chunk has its own language, the document’s where it does not tell, and another one where it is another', async () => {
  const texts = [german, words(100, 'the'), words(100, 'le'), words(100, '4711'), german]
  const { document, chunks } = await indexOf({ segments: texts.map((text, index) => page(index + 1, text)) })
  expect(document.language).toBe('de')
  expect(chunks.map(({ language }) => language)).toEqual(['de', 'en', 'other', 'de', 'de'])
})

test('a language that cannot be told is none', async () => {
  const { document, chunks } = await indexOf({ segments: [page(1, words(40, '4711'))] })
  expect([document.language, chunks.map(({ language }) => language)]).toEqual([null, ['other']])
  const foreign = await indexOf({ segments: [page(1, words(100, 'le'))] })
  expect(foreign.document.language).toBe('other')
})

test('the language of a document is told from all over it', async () => {
  const licence = Array.from({ length: 5 }, (_, index) => page(index + 1, words(400, 'the')))
  const rest = Array.from({ length: 25 }, (_, index) => page(index + 6, words(300, 'der')))
  expect((await indexOf({ segments: [...licence, ...rest] })).document.language).toBe('de')
  // Most of the pages are empty, and all that are looked at first.
  const few = Array.from({ length: 40 }, (_, index) => page(index + 1, ...(index % 5 === 3 ? [words(60, 'the')] : [])))
  expect((await indexOf({ segments: few })).document.language).toBe('en')
})

test('heads of mails tell no language, and lists have none', async () => {
  const heads = ['From: the One <one@example.org>', 'To: the Other, the Third', 'Date: 2026-11-21 the day']
  const mail = { name: 'a.eml', mediaType: 'message/rfc822' }
  const read = await indexOf({ segments: [page(1, ...heads, 'Der Mieter zahlt.')], file: mail })
  expect([read.document.language, read.chunks.map(({ language }) => language)]).toEqual(['de', ['de']])
  const archive = { name: 'a.zip', mediaType: 'application/zip' }
  const list = await indexOf({ segments: [page(1, 'the-contract.pdf', 'der.pdf', 'the.txt')], file: archive })
  expect(list.document.language).toBe(null)
})

test('where the language of the document is another than before, all is made anew', async () => {
  const texts = segments.map(({ blocks }) => blocks[0]!.text)
  const { document, chunks } = await indexOf({ segments, earlier: texts, language: 'en' })
  expect(document.language).toBe('de')
  expect(chunks).toEqual(texts.map(text => ({ text, language: 'de' })))
})
