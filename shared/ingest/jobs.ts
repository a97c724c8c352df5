import type { NewJob } from '../ports.ts'

export const jobKinds = { parse: 'parse', index: 'index', embed: 'embed', collect: 'collect' } as const

export function parseJob(documentId: string): NewJob {
  return { kind: jobKinds.parse, key: `parse:${documentId}`, payload: { documentId } }
}

export function indexJob(documentId: string): NewJob {
  return { kind: jobKinds.index, key: `index:${documentId}`, payload: { documentId } }
}

export function embedJob(documentId: string): NewJob {
  return { kind: jobKinds.embed, key: `embed:${documentId}`, payload: { documentId } }
}

/** Removes a blob if nothing refers to it any more. */
export function collectJob(blob: string): NewJob {
  return { kind: jobKinds.collect, key: `collect:${blob}`, payload: { blob } }
}

export function documentKeys(documentId: string): string[] {
  return [parseJob(documentId).key, indexJob(documentId).key, embedJob(documentId).key]
}
