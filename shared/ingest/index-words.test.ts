import { expect, test } from 'vitest'
import { openTestStore } from '../../tests/open-store.ts'
import type { Chunk, Segment } from '../model/index.ts'
import type { Job, Queue } from '../ports.ts'
import { createIndexStage } from './index-words.ts'

const words = (count: number, word: string) => `${Array(count).fill(word).join(' ')}.`
const segments: Segment[] = [1, 2, 3].map(number => ({
  number,
  width: 595,
  height: 842,
  blocks: [{ kind: 'paragraph', text: words(100, `Seite${number}`) }],
}))
const queue = { async renew() {}, async settle() {} } as unknown as Queue
const linguistics = {
  detectLanguage: () => 'de' as const,
  terms: (text: string) => text.toLowerCase().replaceAll('.', '').split(' '),
  splitSentences: (text: string) => [{ start: 0, end: text.length }],
}

/** Indexes the three pages over what an earlier, killed run stored, and gives what is there then. */
async function indexOver(earlier: readonly string[]): Promise<{ texts: string[]; statistics: object; state: string }> {
  const { store, scope, clock, close } = await openTestStore()
  try {
    const file = { name: 'a.pdf', path: 'a.pdf', mediaType: 'application/pdf', size: 1, blob: 'b' }
    const document = await store.transaction(scope, async tx => {
      const document = await store.documents.insert(tx, scope, file)
      await store.segments.insert(tx, document.id, segments)
      const chunks = earlier.map((text, position): Chunk => {
        const kind = 'paragraph' as const
        const piece = { at: 0, segment: position + 1, block: 0, kind, from: 0, to: text.length }
        const terms = linguistics.terms(text)
        return { position, text, headings: [], pieces: [piece], language: 'de', terms, contextTerms: [] }
      })
      await store.chunks.insert(tx, scope.projectId, document.id, chunks)
      await store.documents.update(tx, document.id, { parsed: 3, segments: 3, paged: true, chunks: earlier.length })
      return document
    })
    const embedding = async () => undefined
    const ready = async () => {}
    const deps = { store, queue, clock, linguistics, changed: () => {}, embedding, ready }
    const index = createIndexStage({ ...deps, recognizes: async () => true })
    const payload = { documentId: document.id }
    const job: Job = { id: '1', kind: 'index', key: 'k', payload, attempt: 1, lease: 'l', exhausted: false }
    await index(job, new AbortController().signal)
    const places = [0, 1, 2, 3, 4].map(position => ({ documentId: document.id, position }))
    const chunks = await store.chunks.at(scope, places)
    return {
      texts: chunks.sort((a, b) => a.position - b.position).map(chunk => chunk.text),
      statistics: await store.words.statistics(scope),
      state: (await store.documents.get(scope, document.id))!.state,
    }
  } finally {
    await close()
  }
}

const texts = segments.map(segment => segment.blocks[0].text)
const whole = { texts, statistics: { chunks: 3, terms: 300 }, state: 'ready' }

test('a killed run goes on behind what it stored', async () => {
  expect(await indexOver([])).toEqual(whole)
  expect(await indexOver(texts.slice(0, 2))).toEqual(whole)
  expect(await indexOver(texts)).toEqual(whole)
})

test('what another version of the program stored is made anew', async () => {
  expect(await indexOver([words(50, 'Seite1')])).toEqual(whole)
  expect(await indexOver([...texts, 'Ein Stück zu viel.'])).toEqual(whole)
})
