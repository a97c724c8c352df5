import type { Document, Reason, Receipt } from '../model/index.ts'
import type { Queue } from '../ports.ts'
import type { Store, Tx } from '../store/index.ts'
import { removeChunks } from './clear.ts'

/**
 * Ends a document as failed: nothing half of it can be found, and its receipt says how far it came and why it went no
 * further. What was parsed stays, so that the page of a damaged file can still be looked at.
 */
export async function failDocument(
  tx: Tx,
  deps: { store: Store; queue: Queue },
  document: Document,
  reason: Reason,
): Promise<void> {
  const receipt: Receipt = {
    documentId: document.id,
    segments: document.parsed,
    pages: document.paged ? document.parsed : null,
    characters: 0,
    chunks: 0,
    tableRows: 0,
    language: document.language,
    pagesWithoutText: [],
    recognition: null,
    pagesUnreadable: [],
    furnitureLines: 0,
    reasons: [reason],
    files: [],
    fileCount: 0,
  }
  await removeChunks(tx, deps, document)
  await deps.store.documents.update(tx, document.id, {
    state: 'failed',
    indexed: 0,
    chunks: 0,
    toRecognize: 0,
    recognized: 0,
    reason,
    receipt,
  })
}
