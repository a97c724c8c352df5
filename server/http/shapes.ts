/** The core's nouns as the contract shows them. */
import type { ApiDocument, ApiProject } from '../../shared/api/index.ts'
import { secondsLeft } from '../../shared/ingest/estimate.ts'
import type { Document, Project } from '../../shared/model/index.ts'
import { type DocumentPage, readCursor, writeCursor } from '../../shared/store/index.ts'

export function toApiDocument({ blob: _, ...document }: Document): ApiDocument {
  return { ...document, secondsLeft: secondsLeft(document) }
}

/** A page that the database made. */
export function toApiDocuments({ documents, next, total }: Pick<DocumentPage, 'documents' | 'next' | 'total'>) {
  return { documents: documents.map(toApiDocument), next, total }
}

export function pagingOf({ limit, after }: { limit: number; after?: string | undefined }) {
  return { limit, ...(after !== undefined && { after }) }
}

export function namingOf({
  name,
  called,
  beginning,
}: {
  name?: string | undefined
  called?: string | undefined
  beginning?: string | undefined
}) {
  return {
    ...(name && { name }),
    ...(called !== undefined && { called }),
    ...(beginning !== undefined && { beginning }),
  }
}

/** `role`: the caller's, where it is not that of whoever the project was read for. */
export function toApiProject({ userId: _, ...project }: Project, role = project.role): ApiProject {
  return { ...project, role, type: 'documents' }
}

/** One page of a list that is there as a whole, newest first. Throws `input-invalid` where `after` is no `next`. */
export function pageOf<T extends { id: string; createdAt: number }>(
  items: readonly T[],
  { limit, after }: { limit: number; after?: string | undefined },
): { items: T[]; next: string | null; total: number } {
  const last = after === undefined ? undefined : readCursor(after, 'number')
  const follows = ({ createdAt, id }: T) =>
    !last || createdAt < Number(last.key) || (createdAt === last.key && id > last.id)
  const start = items.findIndex(follows)
  const page = start < 0 ? [] : items.slice(start, start + limit)
  const end = page.at(-1)
  const next = end && start + limit < items.length ? writeCursor({ key: end.createdAt, id: end.id }) : null
  return { items: page, next, total: items.length }
}
