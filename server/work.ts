import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { secondsLeft } from '../shared/ingest/estimate.ts'
import type { Document, DocumentState } from '../shared/model/index.ts'
import { formatOf } from '../shared/parsers/formats.ts'
import type { Context } from './context.ts'
import type { Library } from './library.ts'
import { bar } from './terminal.ts'
import { padEnd, safe, shorten, widthOf } from './text.ts'

/** Watches documents until their work has ended, and shows how far they are. */
export interface Work {
  /**
   * `ended` is called once, when the document has no work left; without it when it is no longer there. What came out of it
   * is waited for as well: `inside` is called once for each, at every depth, when that has no work left.
   */
  expect(id: string, ended: (document: Document | undefined) => void, inside?: (document: Document) => void): void
  /** Resolves when all that was expected has ended, and all that came out of it. */
  done(): Promise<void>
  /** Ends the watching. */
  stop(): void
}

const underWay: readonly DocumentState[] = ['queued', 'parsing', 'indexing']
/** Milliseconds: other processes' work is not heard of, so it is looked at this often. */
const lookTime = 500
const shortestPause = 25
/** Documents asked for in one call; the contract allows so many. */
const askedAtOnce = 100
const pageSize = 200
/** Files inside asked for in one call. */
const filesAtOnce = 100
/** Documents shown at a time. */
const shownLines = 4
const barColumns = 20

interface Expected {
  ended: (document: Document | undefined) => void
  inside: (document: Document) => void
}

export function isUnderWay(document: Document): boolean {
  const { state, toRecognize, recognized, deletedAt } = document
  // One that is ready may have pages that wait for text recognition.
  return deletedAt === null && (underWay.includes(state) || (state === 'ready' && recognized < toRecognize))
}

function isContainer({ name }: Document): boolean {
  return formatOf(name)?.container === true
}

/** All that wait or are worked on, oldest first. */
export async function* documentsUnderWay({ core, scope }: Library): AsyncGenerator<Document> {
  for (let after: string | null = null; ; ) {
    const filter = { states: underWay, order: 'oldest', limit: pageSize, ...(after !== null && { after }) } as const
    const { documents, next } = await core.documents.page(scope, filter)
    yield* documents
    if (next === null) return
    after = next
  }
}

export function watchWork(context: Context, { core, scope }: Library): Work {
  const control = new AbortController()
  const signal = AbortSignal.any([control.signal, context.signal])
  const expected = new Map<string, Expected>()
  /** Found inside others: what lies in several is waited for once. */
  const found = new Set<string>()
  const heard = new Set<string>()
  let complete = false
  let news = false
  let wake = () => {}
  const watching = watch()
  // Whoever waits for `done` sees it.
  watching.catch(() => {})

  async function watch(): Promise<void> {
    void listen()
    for (;;) {
      const began = performance.now()
      news = false
      if (expected.size > 0) await look()
      if (complete && expected.size === 0) return
      // Most of the time goes to the work itself.
      await pause(Math.max(shortestPause, 3 * (performance.now() - began)), undefined, { signal })
      if (news) continue
      const woken = new Promise<void>(resolve => {
        wake = resolve
      })
      await Promise.race([woken, pause(lookTime, undefined, { signal })])
    }
  }

  async function listen(): Promise<void> {
    for await (const event of core.watch(signal)) {
      if (event.type === 'document' && expected.has(event.documentId)) heard.add(event.documentId)
      if (event.type === 'missed') for (const id of expected.keys()) heard.add(id)
      nudge()
    }
  }

  function nudge(): void {
    news = true
    wake()
  }

  /**
   * Asks for few of what is expected, however much that is: those something was heard of, and those that wait for longest,
   * which other processes may be working on; as long as such have ended, for more.
   */
  async function look(): Promise<void> {
    const { open } = await core.documents.work(scope)
    const trouble = core.trouble()
    if (trouble) throw trouble
    await show(open)
    const told = [...heard]
    heard.clear()
    for (let at = 0; at < told.length; at += askedAtOnce) await ask(told.slice(at, at + askedAtOnce))
    while (expected.size > 0) {
      const first: string[] = []
      for (const id of expected.keys()) if (first.push(id) === askedAtOnce) break
      if ((await ask(first)) === 0) break
    }
  }

  /** How many of these have ended. What has not goes to the end of the line: the next look is for others. */
  async function ask(ids: readonly string[]): Promise<number> {
    const { documents } = await core.documents.page(scope, { ids, limit: ids.length })
    const byId = new Map(documents.map(document => [document.id, document]))
    let count = 0
    for (const id of ids) {
      const one = expected.get(id)
      if (!one) continue
      const document = byId.get(id)
      expected.delete(id)
      if (document && isUnderWay(document)) expected.set(id, one)
      else {
        one.ended(document)
        if (document && isContainer(document)) await expectInside(document.id, one.inside)
        count += 1
      }
    }
    return count
  }

  /** All of them are there once their container has no work left. */
  async function expectInside(id: string, inside: Expected['inside']): Promise<void> {
    for (let after = 0; ; ) {
      const { files } = await core.documents.files(scope, id, { after, limit: filesAtOnce })
      for (const { documentId } of files) {
        if (documentId === null || found.has(documentId)) continue
        found.add(documentId)
        // It may be expected by itself as well, and is told to both.
        const before = expected.get(documentId)
        const ended = (document: Document | undefined) => {
          before?.ended(document)
          if (document) inside(document)
        }
        expected.set(documentId, { ended, inside })
      }
      const last = files[files.length - 1]
      if (!last || files.length < filesAtOnce) return
      after = last.number
    }
  }

  async function show(open: number): Promise<void> {
    if (!context.terminal.watched) return
    const some = (states: readonly DocumentState[], limit: number) =>
      core.documents.page(scope, { states, limit, order: 'oldest' })
    const { documents: read } = await some(['parsing', 'indexing'], shownLines)
    const looked = { states: ['ready'], recognizing: true, limit: shownLines, order: 'oldest' } as const
    const busy = [...read, ...(await core.documents.page(scope, looked)).documents].slice(0, shownLines)
    const shown = busy.length > 0 ? busy : (await some(['queued'], 1)).documents
    const lines = shown.map(document => progressLine(context, document))
    const count = open - lines.length
    if (count > 0)
      lines.push(context.terminal.paintNote('dim', `  ${context.translate('cli.work.waiting', { count })}`))
    context.terminal.live(lines)
  }

  return {
    expect(id, ended, inside = () => {}) {
      const before = expected.get(id)
      const both = (document: Document | undefined) => {
        before?.ended(document)
        ended(document)
      }
      expected.set(id, { ended: both, inside })
      nudge()
    },
    async done() {
      complete = true
      nudge()
      await watching
      context.terminal.live([])
    },
    stop() {
      control.abort()
      context.terminal.live([])
    },
  }
}

/** `2 Minuten`; nothing where it is not known, or so short that it is over when it is read. */
function timeLeft(language: string, document: Document): string | null {
  const seconds = secondsLeft(document)
  if (seconds === null || seconds < 10) return null
  const [unit, size] =
    seconds < 60 ? (['second', 10] as const) : seconds < 5400 ? (['minute', 60] as const) : (['hour', 3600] as const)
  const count = unit === 'second' ? Math.ceil(seconds / size) * size : Math.round(seconds / size)
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
}

/** `  mietvertrag.pdf      ━━━━━━━━────────────   40 %  Seite 12 von 30`, in the columns there are. */
function progressLine({ translate, terminal }: Context, document: Document): string {
  const { parsed, indexed, segments, paged, state, toRecognize, recognized } = document
  const recognizing = state === 'ready' && recognized < toRecognize
  const columns = (process.stderr.columns || 80) - 1
  const all = segments ?? 0
  const share = recognizing
    ? recognized / toRecognize
    : all === 0
      ? 0
      : state === 'parsing'
        ? (0.8 * parsed) / all
        : 0.8 + (0.2 * indexed) / all
  let text = recognizing
    ? translate('cli.work.recognizing', { done: recognized, all: toRecognize })
    : state === 'indexing'
      ? translate('cli.work.indexing', { done: indexed, all: segments ?? parsed })
      : parsed === 0
        ? translate('cli.work.starting')
        : paged
          ? translate('cli.work.reading', { done: parsed, all })
          : translate('cli.work.readingText', { done: parsed })
  const left = timeLeft(translate.language, document)
  if (left) text = `${text}, ${translate('cli.work.left', { time: left })}`
  const rest = columns - 2 - 2 - barColumns - 6 - 2 - Math.max(28, widthOf(text))
  if (rest < 12) return shorten(`  ${safe(document.name)}  ${text}`, columns)
  const name = padEnd(shorten(safe(document.name), Math.min(rest, 40)), Math.min(rest, 40))
  return `  ${name}  ${bar(share, barColumns)}  ${terminal.paintNote('dim', text)}`
}
