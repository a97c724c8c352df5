import { writeFile } from 'node:fs/promises'
import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs'
import { v7 } from 'uuid'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { writePdf } from '../../scripts/write-pdf.ts'
import { createLineParser } from '../../tests/open-core.ts'
import { openTestStore, silent } from '../../tests/open-store.ts'
import { AppError } from '../errors.ts'
import type { Care } from '../model/index.ts'
import { loadPdf } from '../parsers/pdf/load.ts'
import { openPdf } from '../parsers/pdf/pdf.ts'
import type { Blobs, Parsers, Queue } from '../ports.ts'
import { createLeaseQueue, currentOwner } from '../queue/lease.ts'
import { parseJob } from './jobs.ts'
import { createParseStage } from './parse.ts'
import { createPasswords } from './passwords.ts'

let open: Awaited<ReturnType<typeof openTestStore>>
let queue: Queue
beforeEach(async () => {
  open = await openTestStore()
  queue = createLeaseQueue({
    transaction: run => open.store.transaction('internal', tx => run(open.store.executor(tx))),
    clock: open.clock,
    ids: { next: () => v7() },
    owner: currentOwner(),
  })
})
afterEach(() => open.close())

async function addDocument(text: string | Uint8Array) {
  const { store, scope } = open
  const file = { name: 'a.txt', path: 'a.txt', mediaType: 'text/plain', size: Buffer.byteLength(text), blob: 'b' }
  const path = `${open.folder}/text`
  await writeFile(path, text)
  const document = await store.transaction(open.scope, async tx => {
    const inserted = await store.documents.insert(tx, scope, file)
    await queue.enqueue(store.executor(tx), parseJob(inserted.id, scope))
    return inserted
  })
  return { document, path }
}

function createStage(path: string, parsers: Parsers) {
  const blobs = { file: async () => path } as unknown as Blobs
  return createParseStage({
    store: open.store,
    blobs,
    parsers,
    queue,
    clock: open.clock,
    log: silent,
    changed: () => {},
    wake: () => {},
    scratch: open.folder,
    limits: { fileSize: Number.POSITIVE_INFINITY, files: null },
    passwords: createPasswords(),
  })
}

/** Reads as `createLineParser` does, with what it learned: the lines read so far, those given up left out. */
function createLearningParser(before: Parameters<typeof createLineParser>[0], write = (learned: string) => learned) {
  const lines = createLineParser(before)
  const handed: (string | undefined)[] = []
  const parsers: Parsers = {
    ...lines,
    async *parse(request, signal) {
      handed.push(request.state)
      let learned = request.state ?? ''
      for await (const event of lines.parse(request, signal)) {
        if (event.type === 'segment') learned += event.segment.number
        yield event.type === 'segment' ? { ...event, state: write(learned) } : event
      }
    },
  }
  return { parsers, handed }
}

test('what the parser learned is handed back where reading goes on, also past a page that was given up', async () => {
  const { store } = open
  const { document, path } = await addDocument('eins\nzwei\ndrei\nvier\nfünf')
  const stored = async () => (await store.documents.find(document.id))?.parserState
  const { parsers, handed } = createLearningParser(async page => {
    if (page === 3) throw new AppError('parser-crashed')
    // The program ends here: the job is left as it is.
    if (page === 5 && handed.length === 4) throw new AppError('disk-full')
  })
  const stage = createStage(path, parsers)
  const job = await queue.claim(['parse'])
  await expect(stage(job!, new AbortController().signal)).rejects.toMatchObject({ code: 'disk-full' })
  expect(handed).toEqual([undefined, '12', '12', '12'])
  expect(await stored()).toBe('124')
  expect((await store.documents.find(document.id))?.document.parsed).toBe(4)
  await stage(job!, new AbortController().signal)
  expect(handed).toEqual([undefined, '12', '12', '12', '124'])
  // Read to the end: nobody needs it any more.
  expect(await stored()).toBe(null)
  expect((await store.segments.page(open.scope, document.id, 0, 10)).map(segment => segment.problem)).toEqual([
    undefined,
    undefined,
    'unreadable',
    undefined,
    undefined,
  ])
})

test('where one process died each page is asked alone, where two did its bare text is enough', async () => {
  const { document, path } = await addDocument('eins\nzwei\ndrei')
  const handed: [number, Care | undefined][] = []
  const lines = createLineParser()
  const parsers: Parsers = {
    ...lines,
    async *parse(request, signal) {
      handed.push([request.after, request.careful])
      for await (const event of lines.parse(request, signal)) {
        if (event.type === 'segment' && event.segment.number === 2 && request.careful !== 'bare')
          throw new AppError('parser-memory')
        if (event.type === 'segment' && event.segment.number === 3 && handed.length === 3)
          throw new AppError('parser-memory')
        yield event
      }
    },
  }
  await createStage(path, parsers)((await queue.claim(['parse']))!, new AbortController().signal)
  expect(handed).toEqual([
    [0, undefined],
    [1, 'alone'],
    [1, 'bare'],
    [2, 'alone'],
  ])
  const segments = await open.store.segments.page(open.scope, document.id, 0, 10)
  expect(segments.map(({ problem }) => problem)).toEqual([undefined, undefined, undefined])
})

test('a page that kills whoever asks for its fields costs no other page its own', async () => {
  const pages = Array.from({ length: 50 }, (_, index) => ({
    texts: [{ x: 72, y: 200, text: 'Aktenzeichen:' }],
    fields: [
      { kind: 'text', name: `f${index}`, x: 150, y: 189, width: 200, height: 16, value: `S${index + 1}` } as const,
    ],
  }))
  const { document, path } = await addDocument(writePdf({ pages }))
  let deaths = 0
  let die = (_: AppError) => {}
  const task = await loadPdf(path, undefined, true)
  const proxy: PDFDocumentProxy = Object.getPrototypeOf(await task.promise)
  await task.destroy()
  const ask = proxy.getAnnotationsByType
  vi.spyOn(proxy, 'getAnnotationsByType').mockImplementation(function (this: PDFDocumentProxy, types, others) {
    if (others.has(39)) return ask.call(this, types, others)
    deaths += 1
    die(new AppError('parser-crashed'))
    return new Promise(() => {})
  })
  onTestFinished(() => {
    vi.restoreAllMocks()
  })
  const parsers: Parsers = {
    ...createLineParser(),
    async *parse({ file, after, state, careful }) {
      const death = new Promise<never>((_, reject) => {
        die = reject
      })
      const source = await openPdf(file, { pages: 100 }, () => {}, undefined, careful)
      try {
        yield { type: 'start', mediaType: 'application/pdf', paged: true, segments: source.segments }
        const items = source.read(after, state)
        for (;;) {
          const { value, done } = await Promise.race([items.next(), death])
          if (done) return yield { type: 'finish', segments: pages.length, reasons: [], ...value }
          if ('segment' in value) yield { type: 'segment', ...value }
        }
      } finally {
        await source.close()
      }
    },
  }
  await createStage(path, parsers)((await queue.claim(['parse']))!, new AbortController().signal)
  const segments = await open.store.segments.page(open.scope, document.id, 0, 100)
  expect(segments.map(({ blocks }) => blocks.map(({ text }) => text).join(' '))).toEqual(
    pages.map((_, index) => (index === 39 ? 'Aktenzeichen:' : `Aktenzeichen: S${index + 1}`)),
  )
  // Once as it was looked at ahead of the first page, twice by itself.
  expect(deaths).toBe(3)
})

test('who starts from zero starts with nothing learned, and what is too long is not kept', async () => {
  const { store } = open
  const { document, path } = await addDocument('eins\nzwei')
  await store.transaction(open.scope, tx => store.documents.update(tx, document.id, { parsed: 1, parserState: '1' }))
  await store.transaction(open.scope, tx => store.documents.update(tx, document.id, { state: 'queued' }))
  expect((await store.documents.find(document.id))?.parserState).toBe('1')
  await store.transaction(open.scope, tx => store.documents.update(tx, document.id, { parsed: 0 }))
  expect((await store.documents.find(document.id))?.parserState).toBe(null)
  const crash = async (page: number) => {
    if (page === 2) throw new AppError('parser-crashed')
  }
  const { parsers, handed } = createLearningParser(crash, () => 'x'.repeat(16_385))
  await createStage(path, parsers)((await queue.claim(['parse']))!, new AbortController().signal)
  expect(handed).toEqual([undefined, undefined, undefined, undefined])
  const found = await store.documents.find(document.id)
  expect([found?.document.state, found?.document.parsed]).toEqual(['indexing', 2])
})

test('who lost the job to another writes nothing more', async () => {
  const { store, scope } = open
  const { document, path } = await addDocument('eins\nzwei\ndrei')
  const first = await queue.claim(['parse'])
  const stage = createStage(
    path,
    // While the first is reading, the job is taken from it and given to another.
    createLineParser(async page => {
      if (page !== 2) return
      await store.transaction(open.scope, async tx => {
        await queue.cancel(store.executor(tx), [parseJob(document.id, scope).key])
        await queue.enqueue(store.executor(tx), parseJob(document.id, scope))
      })
      expect(await queue.claim(['parse'])).toBeDefined()
    }),
  )
  await expect(stage(first!, new AbortController().signal)).rejects.toMatchObject({ code: 'lease-lost' })
  expect(await store.segments.page(open.scope, document.id, 0, 10)).toEqual([])
  expect((await store.documents.get(scope, document.id))?.parsed).toBe(0)
})

test('a turn begins with the first new segment, and is as long as the way there', async () => {
  const { store } = open
  const { document, path } = await addDocument('lang')
  let now = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
  const parsers: Parsers = {
    ...createLineParser(),
    async *parse({ after }) {
      yield { type: 'start', mediaType: 'text/plain', paged: false, segments: null }
      // All that was read before is read again.
      now += 100 * after
      for (let number = after + 1; number <= 100; number++) {
        now += 100
        yield { type: 'segment', segment: { number, blocks: [{ kind: 'paragraph', text: `${number}` }] } }
      }
      yield { type: 'finish', segments: 100, cut: false, reasons: [] }
    },
  }
  try {
    const stage = createStage(path, parsers)
    const turns: number[] = []
    for (let state = 'parsing'; state === 'parsing'; ) {
      const job = await queue.claim(['parse'])
      await stage(job!, new AbortController().signal, async () => true)
      const found = await store.documents.find(document.id)
      state = found?.document.state ?? ''
      turns.push(found?.document.parsed ?? 0)
    }
    // In turns of a second each, it would take ten of them, and 45 s for the 10 s of work.
    expect(turns.length).toBeLessThanOrEqual(5)
    expect(turns.at(-1)).toBe(100)
    expect(now).toBeLessThan(30_000)
  } finally {
    clock.mockRestore()
  }
})

test('a parser that dies behind each file of a container gets on, file by file', async () => {
  const { store, scope } = open
  const { document, path } = await addDocument('kiste')
  let deaths = 0
  const parsers: Parsers = {
    ...createLineParser(),
    async *parse({ filesAfter = 0 }) {
      yield { type: 'start', mediaType: 'application/zip', paged: false, segments: null }
      const number = filesAfter + 1
      if (number <= 4) {
        const name = `${number}.bin`
        yield { type: 'file', number, name, path: name, reason: { code: 'unsupported-type', values: { name } } }
        deaths += 1
        throw new AppError('parser-crashed')
      }
      yield { type: 'finish', segments: 0, cut: false, reasons: [] }
    },
  }
  const job = await queue.claim(['parse'])
  await createStage(path, parsers)(job!, new AbortController().signal)
  expect((await store.documents.get(scope, document.id))?.state).toBe('indexing')
  expect([deaths, await store.families.lastFile(scope, document.id)]).toEqual([4, 4])
})

test('a parser that dies at the same file twice is not asked again', async () => {
  const { store, scope } = open
  const { document, path } = await addDocument('kiste')
  let deaths = 0
  const parsers: Parsers = {
    ...createLineParser(),
    async *parse({ filesAfter = 0 }) {
      yield { type: 'start', mediaType: 'application/zip', paged: false, segments: null }
      for (let number = filesAfter + 1; number <= 2; number++) {
        const name = `${number}.bin`
        yield { type: 'file', number, name, path: name, reason: { code: 'unsupported-type', values: { name } } }
      }
      deaths += 1
      if (deaths > 10) throw new Error('asked for ever')
      throw new AppError('parser-crashed')
    },
  }
  const job = await queue.claim(['parse'])
  await createStage(path, parsers)(job!, new AbortController().signal)
  expect([deaths, (await store.documents.get(scope, document.id))?.state]).toEqual([2, 'failed'])
})

test('a mailbox of 2,000 mails that wait to be read gets through in few turns', async () => {
  const { store } = open
  const { document, path } = await addDocument('viele')
  let now = 0
  let passed = 0
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now)
  const parsers: Parsers = {
    ...createLineParser(),
    async *parse({ filesAfter = 0 }) {
      yield { type: 'start', mediaType: 'application/mbox', paged: false, segments: null }
      // As measured: past a mail of 50 kB it takes 0.3 ms, and some 10 to keep one.
      passed += filesAfter
      now += 0.3 * filesAfter
      for (let number = filesAfter + 1; number <= 2_000; number++) {
        now += 10
        const name = `${number}.bin`
        yield { type: 'file', number, name, path: name, reason: { code: 'unsupported-type', values: { name } } }
      }
      yield { type: 'finish', segments: 0, cut: false, reasons: [] }
    },
  }
  try {
    const stage = createStage(path, parsers)
    let turns = 0
    for (let state = 'parsing'; state === 'parsing'; turns++) {
      const job = await queue.claim(['parse'])
      await stage(job!, new AbortController().signal, async () => true)
      state = (await store.documents.find(document.id))?.document.state ?? ''
    }
    expect(await store.families.lastFile(open.scope, document.id)).toBe(2_000)
    expect(turns).toBeLessThanOrEqual(16)
    // Each mail is passed seven times on average; a quarter of the work at most is for that.
    expect(passed).toBeLessThan(7 * 2_000)
    expect(now).toBeLessThan(1.25 * 20_000)
  } finally {
    clock.mockRestore()
  }
})
