import type { ApiDocument } from '../../shared/api/index.ts'
import type { Words } from '../words.tsx'

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
      if (recognized < toRecognize) return words('progress.recognizing', { page: recognized + 1, total: toRecognize })
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
function timeLeft(seconds: number | null, words: Words): string | null {
  if (seconds === null || seconds < 10) return null
  if (seconds < 55) return words('progress.soon')
  const minutes = Math.max(1, Math.round(seconds / 60))
  if (minutes < 90) return words('progress.minutes', { count: minutes })
  return words('progress.hours', { count: Math.round(minutes / 60) })
}

/** 0 to 1 over both stages; null when there is nothing to measure. */
export function shareOf({ state, segments, parsed, indexed }: ApiDocument): number | null {
  if (state !== 'parsing' && state !== 'indexing') return null
  if (!segments) return 0
  return state === 'parsing' ? (0.5 * parsed) / segments : 0.5 + (0.5 * indexed) / segments
}
