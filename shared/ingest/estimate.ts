import type { Document } from '../model/index.ts'

type Measured = Pick<
  Document,
  'state' | 'segments' | 'parsed' | 'indexed' | 'toRecognize' | 'recognized' | 'parseTime' | 'indexTime'
>

/** Segments and milliseconds that have to be behind us before a pace is one. */
const fewestSegments = 4
const shortestTime = 1500
/** Pages: one takes seconds, whatever it is. */
const fewestRecognized = 2
/** What indexing takes beside reading, as a guess, until it is measured. */
const indexShare = 0.5

/**
 * Seconds until a document is ready at the pace it has had so far, in its own stages; null where nothing can be said: it
 * waits, its length is not known, or it has only begun. Waiting for others is not foreseen.
 */
export function secondsLeft(document: Measured): number | null {
  const { state, segments, parsed, indexed, parseTime, indexTime } = document
  if (state === 'ready') return recognitionLeft(document)
  if (segments === null || (state !== 'parsing' && state !== 'indexing')) return null
  const parsing = paceOf(parsed, parseTime)
  const indexing = paceOf(indexed, indexTime)
  if (state === 'parsing') {
    if (parsing === null) return null
    return inSeconds((segments - parsed) * parsing + segments * parsing * indexShare)
  }
  const pace = indexing ?? (parsing === null ? null : parsing * indexShare)
  return pace === null ? null : inSeconds((segments - indexed) * pace)
}

/**
 * Reading and recognising share one clock. Where at least every second page is recognised, that is where its time goes: a
 * page takes seconds, reading one some milliseconds.
 */
function recognitionLeft({ segments, toRecognize, recognized, parseTime }: Measured): number | null {
  const open = toRecognize - recognized
  if (segments === null || open <= 0 || toRecognize < segments / 2 || recognized < fewestRecognized) return null
  return parseTime < shortestTime ? null : inSeconds((open * parseTime) / recognized)
}

/** Milliseconds a segment; null while that is only a guess. */
function paceOf(done: number, time: number): number | null {
  return done >= fewestSegments && time >= shortestTime ? time / done : null
}

const inSeconds = (milliseconds: number) => Math.max(0, Math.round(milliseconds / 1000))
