import { existsSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../../shared/errors.ts'
import type { Answer } from '../../shared/model/index.ts'
import { addFiles, demandPaths, hasFailed, type Outcome, outcomeJson } from '../add.ts'
import { createAnswerPrinter } from '../answer.ts'
import type { Context } from '../context.ts'
import { type Library, withLibrary } from '../library.ts'
import { citationJson, errorText, reasonJson, textOf, usageError } from '../present.ts'
import { safe } from '../text.ts'
import { leftOutOf, startWork } from './ingest.ts'

/**
 * The question comes last. Paths without `--data` make a library for this one question; with it (or with a project, which
 * only a library on disk can hold) they are added to that one, and the answer comes from them alone.
 */
export async function ask(context: Context, words: string[], { model }: { model?: string } = {}): Promise<void> {
  const { terminal, translate } = context
  const { paths, question, temporary } = understand(context, words)
  await demandPaths(context, paths)
  await withLibrary(context, { temporary, need: paths.length > 0 ? 'write' : 'read' }, async library => {
    const work = await startWork(context, library)
    let outcomes: Outcome[]
    try {
      outcomes = await addFiles(context, library, paths, { work })
      await work.done()
    } finally {
      work.stop()
    }
    await reportFiles(context, library, outcomes)
    if (outcomes.some(hasFailed)) context.exitCode = 1

    const documents = outcomes.flatMap(({ documentId }) => documentId ?? [])
    const within = paths.length > 0 && !temporary ? { documents: [...new Set(documents)] } : {}
    let completed = question
    let answer: Answer | undefined
    const printer = createAnswerPrinter(context)
    const request = { question, ...within, ...(model !== undefined && { model }) }
    for await (const event of library.core.ask(library.scope, request, context.signal)) {
      if (event.type === 'passages') completed = event.question
      if (event.type === 'finish') answer = event.answer
      if (!context.json) printer.event(event)
    }
    if (!answer) throw new AppError('cancelled')
    if (context.json) {
      terminal.json({
        answer: answer.text,
        mode: answer.mode,
        model: answer.model,
        sentences: answer.sentences,
        citations: answer.citations.map(citationJson),
        question: completed,
        reason: reasonJson(translate, answer.reason),
        ...(paths.length > 0 && { files: outcomes.map(outcome => outcomeJson(context, outcome)) }),
      })
    }
    const byWords = await library.core.byWords(library.scope)
    if (byWords && !context.json) terminal.note(errorText(translate, byWords))
    if (answer.mode === 'declined') await tellUnsearchable(context, library)
  })
}

function understand(
  context: Context,
  words: readonly string[],
): { paths: string[]; question: string; temporary: boolean } {
  const { translate } = context
  const { data, project } = context.options
  const { workingDirectory, dataDirectory, database } = context.config()
  const paths = words.slice(0, -1)
  const question = words[words.length - 1] ?? ''
  if (question.trim() === '') throw new AppError('question-empty')
  // A single word that names a file is a path whose question was forgotten.
  if (!/\s/.test(question.trim()) && existsSync(path.resolve(workingDirectory, question))) {
    throw usageError(translate('cli.usage.question'))
  }
  const named = project !== undefined || (data !== undefined && !database)
  if (paths.length === 0 && !named && !database && !existsSync(path.join(dataDirectory, 'cloister.db'))) {
    throw usageError(translate('cli.usage.paths'))
  }
  return { paths, question, temporary: paths.length > 0 && !named }
}

/** After a declined answer: it may stand in what is not searched. */
async function tellUnsearchable({ terminal, translate }: Context, { core, scope }: Library): Promise<void> {
  const { states, total, recognizing } = await core.documents.page(scope, { limit: 1 })
  const count = total - (states.ready ?? 0)
  if (count > 0) terminal.note(translate('cli.notSearched', { count }))
  if (recognizing > 0) terminal.note(translate('cli.recognizing', { count: recognizing }))
}

/** On standard error: what could not be read, and what was lost. */
async function reportFiles(context: Context, library: Library, outcomes: readonly Outcome[]): Promise<void> {
  const { json, terminal, translate } = context
  if (json) return
  for (const outcome of outcomes) {
    const { file, state, reason } = outcome
    if (!reason || state === 'skipped') continue
    terminal.note(`${safe(file)}: ${textOf(translate, reason)}`)
    for (const line of await leftOutOf(context, library, outcome)) terminal.note(line)
  }
  for (const { file, state, reason } of outcomes.flatMap(({ inside }) => inside))
    if (reason && state !== 'skipped') terminal.note(`${safe(file)}: ${textOf(translate, reason)}`)
  const count = outcomes.filter(({ state, reason }) => state === 'skipped' && reason?.code !== 'duplicate').length
  if (count > 0) terminal.note(translate('cli.outcome.leftOutFiles', { count }))
}
