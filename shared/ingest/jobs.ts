import type { Scope } from '../model/index.ts'
import type { NewJob } from '../ports.ts'

export const jobKinds = {
  parse: 'parse',
  index: 'index',
  recognize: 'recognize',
  embed: 'embed',
  clear: 'clear',
  collect: 'collect',
  sweep: 'sweep',
  check: 'check',
  backup: 'backup',
  mail: 'mail',
} as const

/** Work on a document is its user's: where many wait, users take turns. */
type Owner = Pick<Scope, 'userId'>

/** `unlocked`: some process has the password. */
export function parseJob(documentId: string, { userId: group }: Owner, unlocked = false): NewJob {
  const payload = { documentId, ...(unlocked && { unlocked }) }
  return { kind: jobKinds.parse, key: keyOf.parse(documentId), payload, group }
}

/** `stopped`: what waits for text recognition waits no longer. */
export function indexJob(documentId: string, { userId: group }: Owner, stopped = false): NewJob {
  const payload = { documentId, ...(stopped && { stopped }) }
  return { kind: jobKinds.index, key: keyOf.index(documentId), payload, group }
}

/** The next page of the document that waits. One job a page, one open at a time: so documents take turns. */
export function recognizeJob(documentId: string, { userId: group }: Owner): NewJob {
  return { kind: jobKinds.recognize, key: keyOf.recognize(documentId), payload: { documentId }, group }
}

/**
 * `fresh`: the document was read just now, and is to be found by its vectors before those that were there before. These are
 * the installation's: they are enqueued a few at a time.
 */
export function embedJob(documentId: string, fresh?: { of: Owner }): NewJob {
  const payload = { documentId, ...(fresh && { fresh: true }) }
  return { kind: jobKinds.embed, key: keyOf.embed(documentId), payload, ...(fresh && { group: fresh.of.userId }) }
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
  return Object.values(keyOf).map(key => key(documentId))
}

const keyOf = {
  parse: (documentId: string) => `parse:${documentId}`,
  index: (documentId: string) => `index:${documentId}`,
  recognize: (documentId: string) => `recognize:${documentId}`,
  embed: (documentId: string) => `embed:${documentId}`,
}

/** What the installation does by itself from time to time, where several processes are at it: each time one of them. */
export function sweepJob(every: number): NewJob {
  return { kind: jobKinds.sweep, key: 'sweep', payload: {}, every }
}

export function backupJob(every: number): NewJob {
  return { kind: jobKinds.backup, key: 'backup', payload: {}, every }
}

export function checkJob(every: number): NewJob {
  return { kind: jobKinds.check, key: 'check', payload: {}, every }
}
