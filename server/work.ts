import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import type { Document, DocumentState } from '../shared/model/index.ts'
import type { Context } from './context.ts'
import type { Library } from './library.ts'
import { bar } from './terminal.ts'
import { padEnd, safe, shorten } from './text.ts'

/** Watches documents until their work has ended, and shows how far they are. */
export interface Work {
  /** `ended` is called once, when the document has no work left; without it when it is no longer there. */
  expect(id: string, ended: (document: Document | undefined) => void): void
  /** Resolves when all that was expected has ended. */
  done(): Promise<void>
  /** Ends the watching. */
  stop(): void
}

const underWay: readonly DocumentState[] = ['queued', 'parsing', 'indexing']
/** Milliseconds: other processes' work is not heard of, so it is looked at this often. */
const lookTime = 500
const shortestPause = 25
/** Documents shown at a time. */
const shownLines = 4
const barColumns = 20

export function isUnderWay(document: Document): boolean {
  return document.deletedAt === null && underWay.includes(document.state)
}

export function watchWork(context: Context, { core, scope }: Library): Work {
  const control = new AbortController()
  const signal = AbortSignal.any([control.signal, context.signal])
  const expected = new Map<string, (document: Document | undefined) => void>()
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
      // A large library takes long to list: most of the time goes to the work itself.
      await pause(Math.max(shortestPause, 3 * (performance.now() - began)), undefined, { signal })
      if (news) continue
      const woken = new Promise<void>(resolve => {
        wake = resolve
      })
      await Promise.race([woken, pause(lookTime, undefined, { signal })])
    }
  }

  async function listen(): Promise<void> {
    for await (const _ of core.watch(signal)) nudge()
  }

  function nudge(): void {
    news = true
    wake()
  }

  async function look(): Promise<void> {
    const trouble = core.trouble()
    if (trouble) throw trouble
    const documents = new Map((await core.documents.list(scope)).map(document => [document.id, document]))
    show([...documents.values()])
    for (const [id, ended] of expected) {
      const document = documents.get(id)
      if (document && isUnderWay(document)) continue
      expected.delete(id)
      ended(document)
    }
  }

  function show(documents: readonly Document[]): void {
    if (!context.terminal.watched) return
    const open = documents.filter(isUnderWay)
    const busy = open.filter(document => document.state !== 'queued')
    const shown = (busy.length > 0 ? busy : open).slice(0, busy.length > 0 ? shownLines : 1)
    const lines = shown.map(document => progressLine(context, document))
    const count = open.length - lines.length
    if (count > 0)
      lines.push(context.terminal.paintNote('dim', `  ${context.translate('cli.work.waiting', { count })}`))
    context.terminal.live(lines)
  }

  return {
    expect(id, ended) {
      expected.set(id, ended)
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

/** `  mietvertrag.pdf      ━━━━━━━━────────────   40 %  Seite 12 von 30`, in the columns there are. */
function progressLine({ translate, terminal }: Context, document: Document): string {
  const { parsed, indexed, segments, paged, state } = document
  const columns = (process.stderr.columns || 80) - 1
  const all = segments ?? 0
  const share = all === 0 ? 0 : state === 'parsing' ? (0.8 * parsed) / all : 0.8 + (0.2 * indexed) / all
  const text =
    state === 'indexing'
      ? translate('cli.work.indexing', { done: indexed, all: segments ?? parsed })
      : parsed === 0
        ? translate('cli.work.starting')
        : paged
          ? translate('cli.work.reading', { done: parsed, all })
          : translate('cli.work.readingText', { done: parsed })
  const rest = columns - 2 - 2 - barColumns - 6 - 2 - 28
  if (rest < 12) return shorten(`  ${safe(document.name)}  ${text}`, columns)
  const name = padEnd(shorten(safe(document.name), Math.min(rest, 40)), Math.min(rest, 40))
  return `  ${name}  ${bar(share, barColumns)}  ${terminal.paintNote('dim', text)}`
}
