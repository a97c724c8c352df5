import { createInterface } from 'node:readline'
import type { AnswerEvent } from '../../shared/model/index.ts'
import { createAnswerPrinter } from '../answer.ts'
import type { Context } from '../context.ts'
import { type Library, withLibrary } from '../library.ts'
import { errorText, sourceText } from '../present.ts'
import { prose, shorten } from '../text.ts'
import { startWork } from './ingest.ts'

/** Sources named before the quotes come. */
const shownSources = 3

/** A conversation: questions refer back to earlier ones. Also with questions piped in, one a line. */
export async function chat(context: Context, options: { model?: string } = {}): Promise<void> {
  const { terminal, translate } = context
  await withLibrary(context, {}, async library => {
    const work = await startWork(context, library)
    try {
      await work.done()
    } finally {
      work.stop()
    }
    const { total: count } = await library.core.documents.page(library.scope, { limit: 1 })
    terminal.note(count === 0 ? translate('cli.chat.empty') : translate('cli.chat.welcome', { count }))
    await converse(context, library, options)
  })
}

async function converse(context: Context, library: Library, options: { model?: string }): Promise<void> {
  const { terminal, translate, interrupts } = context
  const lines = readLines(context)
  let chatId: string | undefined
  let answering: AbortController | undefined
  let warned = false

  /** The first stops the answer, or says what the next one does; the second leaves. */
  function onInterrupt(): void {
    if (answering && !answering.signal.aborted) answering.abort()
    else if (warned) interrupts.interrupt()
    else {
      warned = true
      lines.breakLine()
      terminal.note(translate('cli.chat.again'))
      lines.prompt()
    }
  }

  const release = interrupts.take(onInterrupt)
  lines.onInterrupt(onInterrupt)
  try {
    for (;;) {
      lines.prompt()
      const line = (await lines.next())?.trim()
      if (line === undefined) {
        lines.breakLine()
        return
      }
      warned = false
      if (line === '') continue
      if (line === '/quit') return
      if (line === '/help') terminal.out(translate('cli.chat.help'))
      else if (line === '/new') {
        chatId = undefined
        terminal.out(translate('cli.chat.begun'))
      } else if (/^\/\S*$/.test(line)) terminal.out(translate('cli.chat.unknown', { command: prose(line) }))
      else {
        answering = new AbortController()
        chatId = await answer(
          context,
          library,
          { ...options, question: line, ...(chatId !== undefined && { chatId }) },
          answering.signal,
        )
        answering = undefined
      }
    }
  } finally {
    lines.close()
    release()
  }
}

/** Prints the answer as it comes; returns the chat it stands in. A question that failed does not end the conversation. */
async function answer(
  context: Context,
  { core, scope }: Library,
  request: { question: string; chatId?: string; model?: string },
  stop: AbortSignal,
): Promise<string | undefined> {
  const { terminal, translate, signal } = context
  const printer = createAnswerPrinter(context)
  let chat = request.chatId
  try {
    for await (const event of core.ask(scope, request, AbortSignal.any([stop, signal]))) {
      if (event.type === 'passages') printFound(context, request.question, event)
      else printer.event(event)
      if (event.type === 'finish') chat = event.answer.chatId
    }
  } catch (error) {
    terminal.live([])
    signal.throwIfAborted()
    if (stop.aborted) terminal.note(translate('cli.chat.stopped'))
    else {
      const text = errorText(translate, error)
      context.log().error('question failed', { error })
      terminal.note(text)
    }
  }
  return chat
}

function printFound(
  { terminal, translate }: Context,
  question: string,
  { question: completed, passages }: AnswerEvent & { type: 'passages' },
): void {
  const notes: string[] = []
  if (completed !== question.normalize('NFC'))
    notes.push(translate('cli.chat.understood', { question: prose(completed) }))
  const places = [...new Set(passages.map(passage => sourceText(translate, passage)))].slice(0, shownSources)
  if (places.length > 0) notes.push(translate('cli.chat.found', { places: places.join(' · ') }))
  for (const note of notes)
    terminal.out(terminal.paint('dim', shorten(note, terminal.columns ?? Number.POSITIVE_INFINITY)))
}

interface Lines {
  prompt(): void
  /** Leaves the line with the prompt on it. */
  breakLine(): void
  /** The next line; undefined at the end of the input. */
  next(): Promise<string | undefined>
  onInterrupt(handler: () => void): void
  close(): void
}

/** Lines of standard input as they come: readline's own iterator loses those that arrive while nobody asks. */
function readLines({ translate, signal }: Context): Lines {
  const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true
  const reader = createInterface({ input: process.stdin, ...(interactive && { output: process.stdout }) })
  reader.setPrompt(interactive ? translate('cli.chat.prompt') : '')
  const waiting: string[] = []
  let closed = false
  let wake = () => {}
  reader.on('line', line => {
    waiting.push(line)
    wake()
  })
  reader.on('close', () => {
    closed = true
    wake()
  })
  // Without a terminal of its own, readline sees no Ctrl-C, and the signal reaches the process as any other.
  signal.addEventListener('abort', () => wake())
  return {
    prompt: () => {
      if (interactive && !closed) reader.prompt()
    },
    breakLine: () => {
      if (interactive) process.stdout.write('\n')
    },
    async next() {
      while (waiting.length === 0) {
        signal.throwIfAborted()
        if (closed) return undefined
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      return waiting.shift()
    },
    onInterrupt: handler => {
      reader.on('SIGINT', () => {
        // What was typed so far is dropped, as a shell does it.
        if (interactive) reader.write(null, { ctrl: true, name: 'u' })
        handler()
      })
    },
    close: () => reader.close(),
  }
}
