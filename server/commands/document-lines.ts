import type { MessageKey } from '../../shared/messages/index.ts'
import type { Document, FileInside, Reason, Receipt } from '../../shared/model/index.ts'
import type { Context } from '../context.ts'
import { pagesOf, secondsOf, shownState, stateOf, textOf } from '../present.ts'
import { padEnd, safe, widthOf } from '../text.ts'

/** Files that are named where something else is told. */
const mostLeftOut = 10

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
    [label('size'), sizeText(translate.language, document.size)],
    [label('added'), date.format(document.createdAt)],
    [label('language'), languageOf(document, receipt) && translate(`cli.documents.${document.language!}`)],
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
  const files = (receipt?.files ?? []).map(file => fileLine({ terminal, translate }, file))
  const more = (receipt?.fileCount ?? 0) - files.length
  if (files.length > 0) files.unshift(terminal.paint('dim', label('files')))
  if (more > 0) files.push(`  ${translate('cli.documents.moreFiles', { count: more })}`)
  return [
    ...lines,
    ...files,
    ...reasons.map(reason => `${terminal.paint('dim', label('notes'))}: ${textOf(translate, reason)}`),
  ]
}

function fileLine({ terminal, translate }: Pick<Context, 'terminal' | 'translate'>, { path, reason }: FileInside) {
  const why = reason && terminal.paint('dim', ` – ${textOf(translate, reason)}`)
  return `  ${safe(path)}${why ?? ''}`
}

/** Of an archive or a mail: which files in it were not taken, and why. */
export function leftOutLines(context: Context, document: string, { files, reasons }: Receipt): string[] {
  const count = Number(reasons.find(({ code }) => code === 'files-left-out')?.values?.count ?? 0)
  const shown = files.filter(({ reason }) => reason !== null).slice(0, mostLeftOut)
  const more = context.translate('cli.outcome.moreLeftOut', { count: count - shown.length, file: safe(document) })
  return [...shown.map(file => fileLine(context, file)), ...(count > shown.length ? [`  ${more}`] : [])]
}

type FactName = Extract<MessageKey, `cli.documents.${string}`> extends `cli.documents.${infer Name}` ? Name : never

function numberOrNothing(format: Intl.NumberFormat, value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : format.format(value)
}

/** Of what holds other files, names and heads decide, not what anybody wrote. */
function languageOf({ language }: Document, receipt: Receipt | undefined) {
  return receipt && receipt.fileCount > 0 ? null : language
}

/** As on the screen: in units of 1000. */
function sizeText(language: string, bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  const step = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const unitDisplay = step === 0 ? 'long' : 'short'
  const maximumFractionDigits = step < 2 ? 0 : 1
  const format = new Intl.NumberFormat(language, {
    style: 'unit',
    unit: units[step]!,
    unitDisplay,
    maximumFractionDigits,
  })
  return format.format(bytes / 1000 ** step)
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
