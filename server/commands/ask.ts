import { existsSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../../shared/errors.ts'
import type { Answer, Citation } from '../../shared/model/index.ts'
import { addFiles, demandPaths, hasFailed, type Outcome, outcomeJson } from '../add.ts'
import type { Context } from '../context.ts'
import { type Library, withLibrary } from '../library.ts'
import { citationJson, sourceText, textOf, usageError } from '../present.ts'
import { prose, safe, widthOf, wrap } from '../text.ts'
import { startWork } from './ingest.ts'

/**
 * The question comes last. Paths without `--data` make a library for this one question; with it (or with a project, which
 * only a library on disk can hold) they are added to that one.
 */
export async function ask(context: Context, words: string[]): Promise<void> {
  const { terminal } = context
  const { paths, question, temporary } = understand(context, words)
  await demandPaths(context, paths)
  await withLibrary(context, { temporary }, async library => {
    const work = await startWork(context, library)
    let outcomes: Outcome[]
    try {
      outcomes = await addFiles(context, library, paths, { work })
      await work.done()
    } finally {
      work.stop()
    }
    reportFiles(context, outcomes)
    if (outcomes.some(hasFailed)) context.exitCode = 1

    let completed = question
    let answer: Answer | undefined
    let count = 0
    for await (const event of library.core.ask(library.scope, { question }, context.signal)) {
      if (event.type === 'passages') completed = event.question
      if (event.type === 'quote' && !context.json) printQuote(context, ++count, event.citation)
      if (event.type === 'finish') answer = event.answer
    }
    if (!answer) throw new AppError('cancelled')
    if (context.json) {
      terminal.json({
        answer: answer.text,
        mode: answer.mode,
        citations: answer.citations.map(citationJson),
        question: completed,
        ...(paths.length > 0 && { files: outcomes.map(outcome => outcomeJson(context, outcome)) }),
      })
    } else if (answer.citations.length === 0) terminal.out(prose(answer.text))
    if (answer.mode === 'declined') await tellUnsearchable(context, library)
  })
}

function understand(
  context: Context,
  words: readonly string[],
): { paths: string[]; question: string; temporary: boolean } {
  const { translate } = context
  const { data, project } = context.options
  const { workingDirectory, dataDirectory } = context.config()
  const paths = words.slice(0, -1)
  const question = words[words.length - 1] ?? ''
  if (question.trim() === '') throw new AppError('question-empty')
  // A single word that names a file is a path whose question was forgotten.
  if (!/\s/.test(question.trim()) && existsSync(path.resolve(workingDirectory, question))) {
    throw usageError(translate('cli.usage.question'))
  }
  const named = data !== undefined || project !== undefined
  if (paths.length === 0 && !named && !existsSync(path.join(dataDirectory, 'cloister.db'))) {
    throw usageError(translate('cli.usage.paths'))
  }
  return { paths, question, temporary: paths.length > 0 && !named }
}

/** After a declined answer: it may stand in what is not searched. */
async function tellUnsearchable({ terminal, translate }: Context, { core, scope }: Library): Promise<void> {
  const documents = await core.documents.list(scope)
  const count = documents.filter(document => document.state !== 'ready').length
  if (count > 0) terminal.note(translate('cli.notSearched', { count }))
}

/** On standard error: what could not be read, and what was lost. */
function reportFiles({ json, terminal, translate }: Context, outcomes: readonly Outcome[]): void {
  if (json) return
  for (const { file, state, reason } of outcomes) {
    if (reason && state !== 'skipped') terminal.note(`${safe(file)}: ${textOf(translate, reason)}`)
  }
  const count = outcomes.filter(({ state, reason }) => state === 'skipped' && reason?.code !== 'duplicate').length
  if (count > 0) terminal.note(translate('cli.outcome.leftOutFiles', { count }))
}

/** `[1] „…“ — datei.pdf, S. 26`: one line for programs; for people wrapped, the source on a line of its own where it must. */
export function printQuote({ terminal, translate }: Context, number: number, citation: Citation): void {
  const label = `[${number}] `
  const quote = translate('cli.quoted', { text: prose(citation.quote) })
  const source = `— ${sourceText(translate, citation)}`
  const { columns } = terminal
  if (columns === undefined) {
    terminal.out(`${label}${quote} ${source}`)
    return
  }
  const indent = ' '.repeat(label.length)
  const lines = wrap(quote, Math.max(20, Math.min(columns, 100) - label.length))
  const last = lines.pop()!
  const together = widthOf(last) + 1 + widthOf(source) <= Math.min(columns, 100) - label.length
  const tail = together
    ? [`${last} ${terminal.paint('dim', source)}`]
    : [last, ...wrap(source, Math.min(columns, 100) - label.length).map(line => terminal.paint('dim', line))]
  for (const [index, line] of [...lines, ...tail].entries()) {
    terminal.out(index === 0 ? terminal.paint('bold', label) + line : indent + line)
  }
}
