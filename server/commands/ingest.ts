import { setTimeout as pause } from 'node:timers/promises'
import { addFiles, demandPaths, hasFailed, type Outcome, outcomeJson } from '../add.ts'
import type { Context } from '../context.ts'
import { type Library, withLibrary } from '../library.ts'
import { errorText, textOf } from '../present.ts'
import { bar } from '../terminal.ts'
import { safe } from '../text.ts'
import { documentsUnderWay, type Work, watchWork } from '../work.ts'
import { leftOutLines } from './document-lines.ts'

/** Milliseconds between two looks how far the vectors are. */
const lookTime = 500

export async function ingest(context: Context, paths: string[], { wait }: { wait: boolean }): Promise<void> {
  const { terminal, translate } = context
  await demandPaths(context, paths)
  await withLibrary(context, { need: 'write' }, async library => {
    const work = wait ? await startWork(context, library) : undefined
    try {
      let told = Promise.resolve()
      const ended = (outcome: Outcome) => {
        if (context.json) return
        told = told.then(async () => {
          const lines = [...outcomeLines(context, outcome), ...(await leftOutOf(context, library, outcome))]
          for (const line of lines) terminal.out(line)
        })
        // Whoever waits for all of them sees it.
        told.catch(() => {})
      }
      const outcomes = await addFiles(context, library, paths, { ...(work && { work }), ended })
      await work?.done()
      await told
      if (context.json) terminal.json({ files: outcomes.map(outcome => outcomeJson(context, outcome)) })
      else for (const line of summary(context, outcomes)) terminal.note(line)
      if (wait) await embed(context, library)
      else terminal.note(translate('cli.work.later'))
      if (outcomes.some(hasFailed)) context.exitCode = 1
    } finally {
      work?.stop()
    }
  })
}

/** Starts the background work, and waits for what an earlier run left undone as for what is added now. */
export async function startWork(context: Context, library: Library): Promise<Work> {
  library.core.start()
  const work = watchWork(context, library)
  let count = 0
  for await (const { id } of documentsUnderWay(library)) {
    work.expect(id, () => {})
    count += 1
  }
  if (count > 0) context.terminal.note(context.translate('cli.work.earlier', { count }))
  return work
}

/**
 * Until the documents can be found by their vectors too, where there is a model for that. They can be found by their words
 * already, so neither a model that fails nor Ctrl-C makes the command fail; the rest follows with the next one.
 */
async function embed({ terminal, translate, signal, log }: Context, { core, scope }: Library): Promise<void> {
  const control = new AbortController()
  const watching = AbortSignal.any([signal, control.signal])
  const show = async () => {
    const { embedded: done, chunks: all } = await core.documents.work(scope)
    if (done < all) terminal.live([translate('cli.work.embedding', { bar: bar(done / all, 20), done, all })])
  }
  const showing = (async () => {
    for (;;) {
      await show()
      await pause(lookTime, undefined, { signal: watching })
    }
  })().catch(() => {})
  try {
    await core.embedded(scope, signal)
  } catch (error) {
    if (signal.aborted) terminal.note(translate('cli.work.embeddingLater'))
    else {
      log().warn('documents were not embedded', { error })
      terminal.note(translate('cli.work.embeddingFailed', { text: errorText(translate, error) }))
    }
  } finally {
    control.abort()
    await showing
    terminal.live([])
  }
}

const marks = { ready: '✓', failed: '✗', skipped: '–', queued: '·' } as const
const colours = { ready: 'green', failed: 'red', skipped: 'dim', queued: 'dim' } as const

/** The files in it that were not taken, each with the reason. */
export async function leftOutOf(
  context: Context,
  { core, scope }: Library,
  { file, documentId, reason }: Outcome,
): Promise<string[]> {
  if (documentId === null || reason?.code !== 'files-left-out') return []
  const receipt = await core.documents.receipt(scope, documentId)
  return receipt ? leftOutLines(context, file, receipt) : []
}

/** `✓ vertrag.pdf  12 Seiten, 34 Textstellen, 1,2 s`, and below what was lost. */
export function outcomeLines({ translate, terminal }: Context, outcome: Outcome): string[] {
  const { state, reason } = outcome
  const head = `${terminal.paint(colours[state], marks[state])} ${safe(outcome.file)}`
  const text = reason && textOf(translate, reason)
  if (state === 'skipped')
    return [`${head}  ${terminal.paint('dim', translate('cli.outcome.skipped', { text: text ?? '' }))}`]
  if (state === 'failed') {
    const wrong = reason?.code === 'password-wrong'
    return [`${head}  ${text}`, ...(wrong ? [`  ${translate('cli.outcome.unlock')}`] : [])]
  }
  if (state === 'queued') return [`${head}  ${terminal.paint('dim', translate('cli.state.queued'))}`]
  const seconds = new Intl.NumberFormat(translate.language, { maximumFractionDigits: 1, minimumFractionDigits: 1 })
  const facts = [
    outcome.pages === null ? '' : translate('cli.outcome.pages', { count: outcome.pages }),
    translate('cli.outcome.chunks', { count: outcome.chunks }),
    translate('cli.outcome.seconds', { seconds: seconds.format(outcome.seconds) }),
  ]
  return [`${head}  ${terminal.paint('dim', facts.filter(Boolean).join(', '))}`, ...(text ? [`  ${text}`] : [])]
}

/** What became of all of them, of the files inside, and below which of those failed. */
function summary(context: Context, outcomes: readonly Outcome[]): string[] {
  const { translate } = context
  if (outcomes.length === 0) return [translate('cli.outcome.noFiles')]
  const inside = outcomes.flatMap(outcome => outcome.inside)
  const line = translate('cli.outcome.summary', { count: outcomes.length, parts: partsOf(context, outcomes) })
  if (inside.length === 0) return [line]
  const more = translate('cli.outcome.inside', { count: inside.length, parts: partsOf(context, inside) })
  const failed = inside.filter(({ state }) => state === 'failed')
  return [`${line}; ${more}`, ...failed.flatMap(outcome => outcomeLines(context, outcome))]
}

function partsOf({ translate }: Context, outcomes: readonly Outcome[]): string {
  const labels = { ready: 'ready', failed: 'failed', skipped: 'leftOut', queued: 'queued' } as const
  const parts = (['ready', 'queued', 'failed', 'skipped'] as const).flatMap(state => {
    const count = outcomes.filter(outcome => outcome.state === state).length
    return count > 0 ? [translate(`cli.outcome.${labels[state]}`, { count })] : []
  })
  return parts.join(', ')
}
