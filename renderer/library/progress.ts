import type { ApiDocument } from '../../shared/api/index.ts'
import type { Words } from '../words.tsx'

/** It can be searched for what text there is, while pages wait for text recognition. */
export function isRecognizing({ state, toRecognize, recognized }: ApiDocument): boolean {
  return state === 'ready' && toRecognize > recognized
}

/** There is work left on it that can be held or ended. */
export function isWorking(document: ApiDocument): boolean {
  const { state } = document
  return state === 'queued' || state === 'parsing' || state === 'indexing' || isRecognizing(document)
}

/** The folder it came from, or “from” the mail or archive it lies in; empty for a file added by itself. */
export function originOf({ name, path, parentId }: ApiDocument, words: Words): string {
  const folder = path.slice(0, -name.length).replace(/\/$/, '')
  return folder && parentId ? words('library.from', { path: folder }) : folder
}

/** How far a document is, in words. */
export function progressOf(document: ApiDocument, words: Words): string {
  const { state, segments, paged, parsed, indexed, chunks, embedded, toRecognize, recognized, reason } = document
  const left = timeLeft(document.secondsLeft, words)
  const withTime = (text: string) => (left ? `${text}, ${left}` : text)
  switch (state) {
    case 'queued':
      return words('progress.queued')
    case 'parsing':
      if (segments === null) return words('progress.parsing')
      return withTime(
        words(paged ? 'progress.parsingPages' : 'progress.parsingParts', { done: parsed, total: segments }),
      )
    case 'indexing':
      if (segments === null) return words('progress.indexing')
      return withTime(
        words(paged ? 'progress.indexingPages' : 'progress.indexingParts', { done: indexed, total: segments }),
      )
    case 'ready':
      // Documents take turns, page by page: one of which none was looked at yet may wait behind the others.
      if (isRecognizing(document))
        return recognized === 0
          ? words('progress.toRecognize', { count: toRecognize })
          : withTime(words('progress.recognizing', { done: recognized, total: toRecognize }))
      // Without a model for meaning nothing is ever embedded, and nothing is missing.
      return embedded > 0 && embedded < chunks
        ? words('progress.embedding', { done: embedded, total: chunks })
        : words('progress.ready')
    case 'failed':
      return words('progress.failed', { reason: reason ? words.explain(reason) : words('state.failed') })
    case 'cancelled':
      return words('progress.cancelled')
    case 'paused':
      return words('progress.paused')
  }
}

/** Nothing where it is not known, or so short that it is over when it is read. */
export function timeLeft(seconds: number | null, words: Words): string | null {
  if (seconds === null || seconds < 10) return null
  if (seconds < 55) return words('progress.soon')
  const minutes = Math.max(1, Math.round(seconds / 60))
  if (minutes < 90) return words('progress.minutes', { count: minutes })
  return words('progress.hours', { count: Math.round(minutes / 60) })
}

/** 0 to 1 over both stages, or over the pages that are recognised; null when there is nothing to measure. */
export function shareOf(document: ApiDocument): number | null {
  const { state, segments, parsed, indexed, toRecognize, recognized } = document
  if (isRecognizing(document)) return recognized / toRecognize
  if (state !== 'parsing' && state !== 'indexing') return null
  if (!segments) return 0
  return state === 'parsing' ? (0.5 * parsed) / segments : 0.5 + (0.5 * indexed) / segments
}
