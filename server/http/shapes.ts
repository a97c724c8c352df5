/** The core's nouns as the contract shows them. */
import type { ApiDocument, ApiProject } from '../../shared/api/index.ts'
import type { Document, Project } from '../../shared/model/index.ts'

export function toApiDocument({ blob: _, ...document }: Document): ApiDocument {
  return document
}

/** A page that the database made. */
export function toApiDocuments({ documents, more, total }: { documents: Document[]; more: boolean; total: number }) {
  const next = more ? (documents.at(-1)?.id ?? null) : null
  return { documents: documents.map(toApiDocument), next, total }
}

export function pagingOf({ limit, after }: { limit: number; after?: string | undefined }) {
  return { limit, ...(after !== undefined && { after }) }
}

export function toApiProject({ userId: _, ...project }: Project): ApiProject {
  return project
}

/** One page of a list that is there as a whole. An `after` that is gone meanwhile begins anew. */
export function pageOf<T extends { id: string }>(
  items: readonly T[],
  { limit, after }: { limit: number; after?: string | undefined },
): { items: T[]; next: string | null; total: number } {
  const start = after === undefined ? 0 : items.findIndex(item => item.id === after) + 1
  const page = items.slice(start, start + limit)
  const last = page.at(-1)
  return { items: page, next: last && start + limit < items.length ? last.id : null, total: items.length }
}
