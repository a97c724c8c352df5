import type { MessageKey } from '../../shared/messages/index.ts'
import type { Document, Reason, Receipt } from '../../shared/model/index.ts'
import type { Context } from '../context.ts'
import { pagesOf, secondsOf, shownState, stateOf, textOf } from '../present.ts'
import { padEnd, safe, widthOf } from '../text.ts'

/** Everything about a document, one fact a line. */
export function documentLines(
  { terminal, translate }: Context,
  document: Document,
  receipt: Receipt | undefined,
): string[] {
  const number = new Intl.NumberFormat(translate.language, { maximumFractionDigits: 1 })
  const date = new Intl.DateTimeFormat(translate.language, { dateStyle: 'medium', timeStyle: 'short' })
  const label = (name: FactName) => translate(`cli.documents.${name}`)
  const facts: [string, string | null][] = [
    [label('file'), safe(document.path)],
    [label('id'), document.id],
    [label('state'), stateOf(translate, shownState(document))],
    [label('deletedAt'), document.deletedAt === null ? null : date.format(document.deletedAt)],
    [label('type'), safe(document.mediaType)],
    [label('size'), translate('cli.documents.sizeValue', { megabytes: size(number, document.size) })],
    [label('added'), date.format(document.createdAt)],
    [label('language'), document.language && translate(`cli.documents.${document.language}`)],
    [label('pages'), numberOrNothing(number, pagesOf(document))],
    [label('chunks'), number.format(document.chunks)],
    [label('characters'), numberOrNothing(number, receipt?.characters)],
    [label('tableRows'), numberOrNothing(number, receipt?.tableRows || null)],
    [label('furniture'), numberOrNothing(number, receipt?.furnitureLines || null)],
    [label('withoutText'), receipt?.pagesWithoutText.join(', ') || null],
    [label('recognized'), recognizedOf(translate, receipt)],
    [label('unreadable'), receipt?.pagesUnreadable.join(', ') || null],
    [label('time'), translate('cli.outcome.seconds', { seconds: number.format(secondsOf(document)) })],
  ]
  const shown = facts.filter((fact): fact is [string, string] => fact[1] !== null)
  const width = Math.max(...shown.map(([name]) => widthOf(name)))
  const lines = shown.map(([name, value]) => `${terminal.paint('dim', padEnd(name, width))}  ${value}`)
  const reasons = distinct([...(document.reason ? [document.reason] : []), ...(receipt?.reasons ?? [])])
  const files = (receipt?.files ?? []).map(({ path, reason }) => {
    const why = reason && terminal.paint('dim', ` – ${textOf(translate, reason)}`)
    return `  ${safe(path)}${why ?? ''}`
  })
  const more = (receipt?.fileCount ?? 0) - files.length
  if (files.length > 0) files.unshift(terminal.paint('dim', label('files')))
  if (more > 0) files.push(`  ${translate('cli.documents.moreFiles', { count: more })}`)
  return [
    ...lines,
    ...files,
    ...reasons.map(reason => `${terminal.paint('dim', label('notes'))}: ${textOf(translate, reason)}`),
  ]
}

type FactName = Extract<MessageKey, `cli.documents.${string}`> extends `cli.documents.${infer Name}` ? Name : never

function numberOrNothing(format: Intl.NumberFormat, value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : format.format(value)
}

function size(format: Intl.NumberFormat, bytes: number): string {
  return format.format(Math.max(0.1, bytes / 1024 / 1024))
}

function distinct(reasons: readonly Reason[]): Reason[] {
  return [...new Map(reasons.map(reason => [JSON.stringify(reason), reason])).values()]
}

function recognizedOf(translate: Context['translate'], receipt: Receipt | null | undefined): string | null {
  if (!receipt?.recognition) return null
  const { pages, confidence, waiting } = receipt.recognition
  const parts = [
    ...(pages > 0
      ? [translate('cli.documents.recognizedPages', { count: pages, confidence: Math.round(100 * confidence) })]
      : []),
    ...(waiting > 0 ? [translate('cli.documents.recognitionWaiting', { count: waiting })] : []),
  ]
  return parts.join('; ') || null
}
