import type { NewJob } from '../ports.ts'

export const jobKinds = {
  parse: 'parse',
  index: 'index',
  recognize: 'recognize',
  embed: 'embed',
  clear: 'clear',
  collect: 'collect',
} as const

export function parseJob(documentId: string): NewJob {
  return { kind: jobKinds.parse, key: `parse:${documentId}`, payload: { documentId } }
}

export function indexJob(documentId: string): NewJob {
  return { kind: jobKinds.index, key: `index:${documentId}`, payload: { documentId } }
}

/** The next page of the document that waits. One job a page, one open at a time: so documents take turns. */
export function recognizeJob(documentId: string): NewJob {
  return { kind: jobKinds.recognize, key: `recognize:${documentId}`, payload: { documentId } }
}

/** `fresh`: the document was read just now, and is to be found by its vectors before those that were there before. */
export function embedJob(documentId: string, fresh = false): NewJob {
  return { kind: jobKinds.embed, key: `embed:${documentId}`, payload: { documentId, ...(fresh && { fresh }) } }
}

/** Takes hidden chunks of a document away. Nothing but a purge cancels it. */
export function clearJob(documentId: string): NewJob {
  return { kind: jobKinds.clear, key: `clear:${documentId}`, payload: { documentId } }
}

/** Removes a blob if nothing refers to it any more. */
export function collectJob(blob: string): NewJob {
  return { kind: jobKinds.collect, key: `collect:${blob}`, payload: { blob } }
}

/** The work on a document: what pausing or deleting it takes away. */
export function documentKeys(documentId: string): string[] {
  return [parseJob, indexJob, recognizeJob, embedJob].map(job => job(documentId).key)
}
