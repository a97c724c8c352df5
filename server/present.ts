/** The core's nouns as the command line shows them: in words for people, in fixed shapes for programs. */
import { AppError, reasonOf, toAppError } from '../shared/errors.ts'
import { explain, type MessageKey, type Translate } from '../shared/messages/index.ts'
import type { Citation, Document, DocumentState, Passage, Place, Reason, Receipt, Span } from '../shared/model/index.ts'
import { prose, safe } from './text.ts'

/** A reason in the user's words, on one line and harmless. */
export function textOf(translate: Translate, reason: Reason): string {
  // There is no field here to enter it into.
  if (reason.code === 'password-protected') return translate('cli.passwordProtected')
  return safe(explain(translate, { code: reason.code, values: valuesOf(translate, reason) }))
}

/** Values that are words of ours, or numbers of ours, in the user's. */
function valuesOf(translate: Translate, { code, values = {} }: Reason): Record<string, string | number> {
  const shown = { ...values }
  if (code === 'too-large' && typeof values.limit === 'number') shown.limit = Math.round(values.limit / 1024 / 1024)
  if (code === 'state-conflict') shown.state = stateOf(translate, String(values.state) as DocumentState)
  if (code === 'data-directory') shown.detail = detailOf(translate, String(values.detail))
  if (code === 'model-invalid' || code === 'model-unsupported') {
    const known = `models.problem.${values.detail}` as MessageKey
    const text = translate(known)
    if (text !== known) shown.detail = text
  }
  return shown
}

/** What is wrong with the data directory: a word of `compose.ts`, or the system's own. */
export function detailOf(translate: Translate, detail: string): string {
  const known = `cli.detail.${detail}` as MessageKey
  const text = translate(known)
  return text === known ? detail : text
}

export function stateOf(
  translate: Translate,
  state: DocumentState | 'recognizing' | 'trashed' | 'skipped' | 'purged',
): string {
  return translate(`cli.state.${state}`)
}

/** As people see it: in the trash, or still under way while pages wait for text recognition. */
export function shownState({ state, deletedAt, toRecognize, recognized }: Document) {
  if (deletedAt !== null) return 'trashed'
  return state === 'ready' && recognized < toRecognize ? 'recognizing' : state
}

export function errorText(translate: Translate, error: unknown): string {
  return textOf(translate, reasonOf(toAppError(error)))
}

/** `{code, text}`, as JSON shows a reason. */
export function reasonJson(translate: Translate, reason: Reason): { code: string; text: string }
export function reasonJson(translate: Translate, reason: Reason | null): { code: string; text: string } | null
export function reasonJson(translate: Translate, reason: Reason | null): { code: string; text: string } | null {
  return reason && { code: reason.code, text: textOf(translate, reason) }
}

/** `S. 26`, or `Kündigung › Fristen, Zeilen 12–14`; empty where nothing is known. */
export function placeText(translate: Translate, { page, where }: Place): string {
  if (page !== null) return translate('cli.place.page', { page })
  if (!where) return ''
  const headings = where.headings.map(prose).filter(Boolean).join(' › ')
  return [headings, where.cells ?? spanText(translate, where.span)].filter(Boolean).join(', ')
}

function spanText(translate: Translate, span: Span | null): string {
  if (!span) return ''
  const { unit, first, last } = span
  return translate(first === last ? `cli.place.${unit}` : `cli.place.${unit}s`, { first, last })
}

/** `datei.pdf, S. 26` */
export function sourceText(translate: Translate, source: Place & { file: string }): string {
  const place = placeText(translate, source)
  return place ? `${safe(source.file)}, ${place}` : safe(source.file)
}

export function citationJson({ file, page, where, quote, cut, cells, rects }: Citation): object {
  return { file, page, where, quote, ...(cut && { cut }), ...(cells && { cells }), rects }
}

export function passageJson({ file, page, where, text, score }: Passage): object {
  return { file, page, where, text, score }
}

export function documentJson(translate: Translate, document: Document): object {
  return {
    id: document.id,
    file: document.path,
    parentId: document.parentId,
    state: document.state,
    mediaType: document.mediaType,
    size: document.size,
    pages: pagesOf(document),
    chunks: document.chunks,
    language: document.language,
    seconds: secondsOf(document),
    reason: reasonJson(translate, document.reason),
    createdAt: new Date(document.createdAt).toISOString(),
    deletedAt: document.deletedAt === null ? null : new Date(document.deletedAt).toISOString(),
  }
}

export function receiptJson(translate: Translate, receipt: Receipt): object {
  const { documentId: _, segments: __, reasons, files, ...rest } = receipt
  return {
    ...rest,
    reasons: reasons.map(reason => reasonJson(translate, reason)),
    files: files.map(({ reason, ...file }) => ({ ...file, reason: reasonJson(translate, reason) })),
  }
}

export function pagesOf(document: Document): number | null {
  return document.paged ? document.segments : null
}

export function secondsOf(document: Document): number {
  return (document.parseTime + document.indexTime) / 1000
}

/** A usage error: what the user typed does not fit together. */
export function usageError(detail: string): AppError {
  return new AppError('usage', { detail })
}
