/** Pages whose text is recognised, from the job to the answer; the recognizer is the test's, so that it can fail on purpose. */
import { afterEach, describe, expect, test } from 'vitest'
import { AppError } from '../shared/errors.ts'
import type { Document } from '../shared/model/index.ts'
import type { Parsers, RecognizeRequest } from '../shared/ports.ts'
import { aborted, bytes, createLineParser, openTestCore, type TestCore } from './open-core.ts'
import { until } from './until.ts'

describe('text recognition', () => {
  let opened: TestCore | undefined
  afterEach(() => opened?.close())

  /** Lines are pages; one that is empty is a picture, on which the word `Bild` and its number are to be read. */
  function createPictureParser(
    before: (request: RecognizeRequest, signal?: AbortSignal) => Promise<void> | void = () => {},
  ): { parsers: Parsers; pages: number[] } {
    const lines = createLineParser()
    const pages: number[] = []
    return {
      pages,
      parsers: {
        ...lines,
        async *parse(request, signal) {
          for await (const event of lines.parse(request, signal)) {
            if (event.type === 'segment' && event.segment.blocks.length === 0) event.segment.problem = 'without-text'
            yield event
          }
        },
        async recognize(request, signal) {
          await before(request, signal)
          signal?.throwIfAborted()
          pages.push(request.page)
          const text = `Auf dem Bild steht Geheimwort${request.page} zu lesen.`
          const runs = [{ at: 0, end: text.length, rect: [50, 100, 550, 112] as [number, number, number, number] }]
          const blocks = [{ kind: 'paragraph' as const, text, runs }]
          return {
            number: request.page,
            width: 595,
            height: 842,
            blocks,
            recognition: { confidence: 0.5 + request.page / 10 },
          }
        },
      },
    }
  }

  async function open(parsers: Parsers, settings = {}): Promise<TestCore> {
    opened = await openTestCore(parsers, { settings })
    return opened
  }

  const scan = 'Der Mietvertrag beginnt hier.\n\n\n\nDas Ende der Hausordnung.'

  async function add({ core, scope }: TestCore, text = scan): Promise<Document> {
    const { document } = await core.documents.add(scope, { name: 'scan.txt', open: () => bytes(text) })
    return document
  }

  test('what text there is can be found at once, and each page when it was recognised', {
    timeout: 60_000,
  }, async () => {
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    const { parsers, pages } = createPictureParser(({ page }) => (page === 3 ? held : undefined))
    const { core, scope } = await open(parsers)
    core.start()
    const { id } = await add(opened!)
    await until(async () => (await core.search(scope, 'Geheimwort2')).length > 0)
    const between = await core.documents.get(scope, id)
    expect(between).toMatchObject({ state: 'ready', toRecognize: 3, recognized: 1 })
    expect(await core.search(scope, 'Mietvertrag')).toHaveLength(1)
    expect((await core.documents.receipt(scope, id))?.recognition).toMatchObject({ waiting: 2, pages: 1 })
    expect((await core.documents.receipt(scope, id))?.pagesWithoutText).toEqual([])
    const ready = { states: ['ready'], limit: 5 } as const
    expect(await core.documents.page(scope, ready)).toMatchObject({ total: 1, recognizing: 1 })
    expect(await core.documents.page(scope, { ...ready, recognizing: true })).toMatchObject({
      total: 1,
      documents: [{}],
    })
    expect(await core.documents.page(scope, { ...ready, recognizing: false })).toMatchObject({
      total: 0,
      documents: [],
    })
    release()
    await core.settled(scope)
    expect(await core.documents.page(scope, { ...ready, recognizing: true })).toMatchObject({
      total: 0,
      recognizing: 0,
    })
    for (const page of [2, 3, 4])
      expect((await core.search(scope, `Geheimwort${page}`))[0]?.text).toContain(`Geheimwort${page}`)
    expect(pages).toEqual([2, 3, 4])
    expect(await core.documents.get(scope, id)).toMatchObject({ state: 'ready', toRecognize: 3, recognized: 3 })
    const receipt = await core.documents.receipt(scope, id)
    expect(receipt).toMatchObject({ pagesWithoutText: [], pages: 5, reasons: [] })
    expect(receipt?.recognition).toEqual({ waiting: 0, pages: 3, confidence: 0.8, unsure: [], failed: [] })
    expect(await core.documents.segment(scope, id, 3)).toMatchObject({ recognition: { confidence: 0.8 } })
  })

  test('goes on where it was after the program ended', { timeout: 60_000 }, async () => {
    const never = createPictureParser(({ page }, signal) => (page === 3 ? aborted(signal) : undefined))
    const library = await open(never.parsers)
    library.core.start()
    const { id } = await add(library)
    await until(async () => (await library.core.documents.get(library.scope, id)).recognized === 1)
    const second = createPictureParser()
    await library.reopen(second.parsers)
    library.core.start()
    await library.core.settled(library.scope)
    expect([never.pages, second.pages]).toEqual([[2], [3, 4]])
    expect(await library.core.search(library.scope, 'Geheimwort4')).toHaveLength(1)
  })

  test('leaves out a page that fails twice, and says so', { timeout: 60_000 }, async () => {
    let tries = 0
    const { parsers } = createPictureParser(({ page }) => {
      if (page !== 3) return
      tries += 1
      throw new AppError('parser-crashed')
    })
    const { core, scope } = await open(parsers)
    core.start()
    const { id } = await add(opened!)
    await core.settled(scope)
    expect(tries).toBe(2)
    const receipt = await core.documents.receipt(scope, id)
    expect(receipt?.recognition).toMatchObject({ pages: 2, failed: [3] })
    expect(receipt?.reasons).toEqual([{ code: 'recognition-failed', values: { count: 1, pages: '3' } }])
    expect(await core.search(scope, 'Geheimwort4')).toHaveLength(1)
  })

  test('switched off it says so, and reading again brings what was left out', { timeout: 60_000 }, async () => {
    const { parsers, pages } = createPictureParser()
    const { core, scope } = await open(parsers)
    await core.settings.update('local', { recognition: 'off' })
    core.start()
    const { id } = await add(opened!)
    await core.settled(scope)
    expect(pages).toEqual([])
    expect(await core.documents.get(scope, id)).toMatchObject({ state: 'ready', reason: { code: 'recognition-off' } })
    expect((await core.documents.receipt(scope, id))?.pagesWithoutText).toEqual([2, 3, 4])
    await core.settings.update('local', { recognition: 'on' })
    expect(await core.documents.unrecognized(scope)).toBe(1)
    expect(await core.documents.recognizeAll(scope)).toBe(1)
    await core.settled(scope)
    expect(await core.documents.unrecognized(scope)).toBe(0)
    expect(pages).toEqual([2, 3, 4])
    expect(await core.documents.get(scope, id)).toMatchObject({ state: 'ready', reason: null })
  })

  test('a document of pictures alone fails only when nothing is on them', { timeout: 60_000 }, async () => {
    const { parsers } = createPictureParser()
    const blind = {
      ...parsers,
      recognize: async ({ page }: RecognizeRequest) => ({
        number: page,
        blocks: [],
        problem: 'without-text' as const,
        recognition: { confidence: 0 },
      }),
    }
    const { core, scope } = await open(blind)
    core.start()
    const { id } = await add(opened!, '\n')
    await core.settled(scope)
    expect(await core.documents.get(scope, id)).toMatchObject({ state: 'failed', reason: { code: 'no-text' } })
  })

  test('pause, resume and delete reach a document whose pages wait', { timeout: 60_000 }, async () => {
    let hold = true
    const { parsers, pages } = createPictureParser(({ page }, signal) =>
      hold && page === 3 ? aborted(signal) : undefined,
    )
    const { core, scope } = await open(parsers)
    core.start()
    const { id } = await add(opened!)
    await until(async () => (await core.documents.get(scope, id)).recognized === 1)
    expect(await core.documents.pause(scope, id)).toMatchObject({ state: 'paused' })
    await core.settled(scope)
    hold = false
    await core.documents.resume(scope, id)
    await core.settled(scope)
    expect(pages).toEqual([2, 3, 4])
    await core.documents.delete(scope, id)
    expect(await core.search(scope, 'Geheimwort3')).toEqual([])
    await core.documents.undo(scope, id)
    await core.settled(scope)
    expect(pages).toEqual([2, 3, 4])
    expect(await core.search(scope, 'Geheimwort3')).toHaveLength(1)
  })

  test('cancelling while pages wait ends the recognition alone; reading again brings them', {
    timeout: 60_000,
  }, async () => {
    let hold = true
    const { parsers, pages } = createPictureParser(({ page }, signal) =>
      hold && page === 4 ? aborted(signal) : undefined,
    )
    const { core, scope } = await open(parsers)
    core.start()
    const { id } = await add(opened!)
    await until(async () => (await core.documents.get(scope, id)).recognized === 2)
    expect(await core.documents.cancel(scope, id)).toMatchObject({
      state: 'ready',
      toRecognize: 2,
      reason: { code: 'recognition-stopped', values: { count: 1 } },
    })
    await until(async () => (await core.documents.receipt(scope, id))?.recognition?.waiting === 0)
    const reason = { code: 'recognition-stopped', values: { count: 1 } }
    expect(await core.documents.get(scope, id)).toMatchObject({ state: 'ready', toRecognize: 2, recognized: 2, reason })
    for (const word of ['Mietvertrag', 'Geheimwort2', 'Geheimwort3'])
      expect(await core.search(scope, word)).not.toHaveLength(0)
    expect(await core.documents.receipt(scope, id)).toMatchObject({
      pagesWithoutText: [4],
      recognition: { waiting: 0, pages: 2 },
      reasons: [reason, { code: 'pages-without-text' }],
    })
    // Its words are indexed with another name, and that alone.
    await core.documents.rename(scope, id, { name: 'anders.txt', path: 'anders.txt' })
    await until(async () => (await core.search(scope, 'anders')).length > 0)
    expect(await core.documents.get(scope, id)).toMatchObject({ state: 'ready', toRecognize: 2, recognized: 2, reason })
    // Its words are to be indexed anew while it is read again, and not without recognition.
    await core.documents.rename(scope, id, { name: 'scan.txt', path: 'scan.txt' })
    hold = false
    await core.documents.retry(scope, id)
    await core.settled(scope)
    expect(pages).toEqual([2, 3, 2, 3, 4])
    expect(await core.documents.get(scope, id)).toMatchObject({ state: 'ready', toRecognize: 3, reason: null })
    expect(await core.search(scope, 'Geheimwort4')).not.toHaveLength(0)
  })
})
