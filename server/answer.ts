import { shownCells, shownQuote } from '../shared/model/answer.ts'
import type { Answer, AnswerEvent, AnswerSentence, Citation } from '../shared/model/index.ts'
import type { Context } from './context.ts'
import { sourceText, textOf } from './present.ts'
import { prose, shorten, widthOf, wrap } from './text.ts'

/** Prints an answer as it comes: quotes, or written sentences with their sources below. */
export interface AnswerPrinter {
  event(event: AnswerEvent): void
}

const widest = 100

export function createAnswerPrinter(context: Context): AnswerPrinter {
  const { terminal, translate } = context
  let written = 0
  let quotes = 0

  function sentence({ text, lead, citations, supported }: AnswerSentence): void {
    if (written > 0 && lead.includes('\n\n')) terminal.out()
    const mark = lead.slice(lead.lastIndexOf('\n') + 1).trim()
    const indent = mark === '' ? '' : ' '.repeat(widthOf(mark) + 1)
    const numbers = citations.map(citation => `[${citation + 1}]`).join('')
    const tail = supported ? numbers : `${numbers}${translate('cli.answer.unsupported')}`
    const line = `${mark === '' ? '' : `${mark} `}${prose(text)}${tail === '' ? '' : ` ${tail}`}`
    written += 1
    const { columns } = terminal
    const lines = columns === undefined ? [line] : wrap(line, Math.max(20, Math.min(columns, widest) - indent.length))
    for (const [at, part] of lines.entries()) {
      const shown = at === 0 ? part : indent + part
      terminal.out(supported ? shown : terminal.paint('dim', shown))
    }
  }

  function finish(answer: Answer): void {
    if (answer.mode === 'model') {
      if (answer.sentences.some(({ supported }) => !supported)) terminal.note(translate('cli.answer.unsupportedNote'))
      if (answer.citations.length > 0) terminal.out()
      for (const [at, citation] of answer.citations.entries()) printQuote(context, at + 1, citation)
    } else if (answer.citations.length === 0) terminal.out(prose(answer.text))
    // Stopping is what the user did; everything else is worth a word.
    if (answer.reason && answer.reason.code !== 'cancelled') terminal.note(textOf(translate, answer.reason))
  }

  return {
    event(event) {
      if (event.type === 'waiting')
        terminal.live(event.place > 0 ? [translate('cli.answer.waiting', { count: event.place })] : [])
      else if (event.type === 'draft')
        terminal.live([terminal.paintNote('dim', shorten(prose(event.text), (terminal.columns ?? widest) - 2))])
      else terminal.live([])
      if (event.type === 'sentence') sentence(event.sentence)
      if (event.type === 'quote') {
        if (quotes === 0 && written > 0) terminal.note(translate('cli.answer.instead'))
        quotes += 1
        printQuote(context, quotes, event.citation)
      }
      if (event.type === 'finish') finish(event.answer)
    },
  }
}

/** `[1] „…“ — datei.pdf, S. 26`: one line for programs; for people wrapped, the source on a line of its own where it must. */
function printQuote({ terminal, translate }: Context, number: number, citation: Citation): void {
  const label = `[${number}] `
  const quote = translate('cli.quoted', { text: prose(shownQuote(citation)) })
  const cells = shownCells(citation)
  const explained = cells === undefined ? '' : `(${prose(cells)}) `
  const source = `${explained}— ${sourceText(translate, citation)}`
  const { columns } = terminal
  if (columns === undefined) {
    terminal.out(`${label}${quote} ${source}`)
    return
  }
  const indent = ' '.repeat(label.length)
  const lines = wrap(quote, Math.max(20, Math.min(columns, widest) - label.length))
  const last = lines.pop()!
  const together = widthOf(last) + 1 + widthOf(source) <= Math.min(columns, widest) - label.length
  const tail = together
    ? [`${last} ${terminal.paint('dim', source)}`]
    : [last, ...wrap(source, Math.min(columns, widest) - label.length).map(line => terminal.paint('dim', line))]
  for (const [index, line] of [...lines, ...tail].entries()) {
    terminal.out(index === 0 ? terminal.paint('bold', label) + line : indent + line)
  }
}
