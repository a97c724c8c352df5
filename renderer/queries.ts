import { keepPreviousData, type QueryClient, queryOptions } from '@tanstack/react-query'
import type { Client } from '../shared/api/client.ts'
import type { ApiDocument } from '../shared/api/index.ts'
import type { DocumentState } from '../shared/model/index.ts'

/** As the list is filtered: what waits for text recognition is ready for the server, and not for people. */
export type ShownState = DocumentState | 'recognizing'

/** How many documents a page of the library holds. */
export const pageSize = 50

export interface DocumentsView {
  order: 'newest' | 'oldest' | 'path'
  state: ShownState | null
  /** Words that stand in the name. */
  name: string
  after: string | null
}

/** What is read from the server, by the name it is remembered under. */
export const read = {
  projects: (client: Client) =>
    queryOptions({
      queryKey: ['projects'],
      queryFn: async ({ signal }) => (await client.projects.list(undefined, { signal })).projects,
    }),
  documents: (client: Client, projectId: string, { order, state, name, after }: DocumentsView) =>
    queryOptions({
      queryKey: ['documents', projectId, { order, state, name, after }],
      queryFn: ({ signal }) =>
        client.documents.list(
          {
            projectId,
            limit: pageSize,
            order,
            ...(state && { state: state === 'recognizing' ? 'ready' : state }),
            ...(state === 'recognizing' && { recognizing: 'yes' as const }),
            ...(state === 'ready' && { recognizing: 'no' as const }),
            ...(name && { name }),
            ...(after && { after }),
          },
          { signal },
        ),
      placeholderData: keepPreviousData,
    }),
  /** How many documents are in which state: the first row of the list brings it along. */
  counts: (client: Client, projectId: string) =>
    queryOptions({
      queryKey: ['documents', projectId, 'counts'],
      queryFn: ({ signal }) => client.documents.list({ projectId, limit: 1 }, { signal }),
    }),
  /** Documents with pages that were left out because text recognition was off. */
  unrecognized: (client: Client, projectId: string) =>
    queryOptions({
      // No list of documents: whoever puts a changed one into those must not find it among them.
      queryKey: ['unrecognized', projectId],
      queryFn: ({ signal }) => client.documents.unrecognized({ projectId }, { signal }),
      staleTime: 0,
    }),
  document: (client: Client, projectId: string, documentId: string) =>
    queryOptions({
      queryKey: ['document', projectId, documentId],
      queryFn: ({ signal }) => client.documents.get({ projectId, documentId }, { signal }),
    }),
  trash: (client: Client, projectId: string, after: string | null) =>
    queryOptions({
      queryKey: ['trash', projectId, after],
      queryFn: ({ signal }) =>
        client.documents.trash({ projectId, limit: pageSize, ...(after && { after }) }, { signal }),
      placeholderData: keepPreviousData,
    }),
  receipt: (client: Client, projectId: string, documentId: string) =>
    queryOptions({
      queryKey: ['receipt', projectId, documentId],
      queryFn: async ({ signal }) => (await client.documents.receipt({ projectId, documentId }, { signal })).receipt,
    }),
  chat: (client: Client, projectId: string, chatId: string) =>
    queryOptions({
      queryKey: ['chat', projectId, chatId],
      queryFn: ({ signal }) => client.chats.get({ projectId, chatId }, { signal }),
    }),
  /** Those that were shown with an answer. */
  passages: (client: Client, projectId: string, chatId: string, messageId: string) =>
    queryOptions({
      queryKey: ['passages', projectId, chatId, messageId],
      queryFn: ({ signal }) => client.chats.passages({ projectId, chatId, messageId }, { signal }),
    }),
  assistants: (client: Client, projectId: string) =>
    queryOptions({
      queryKey: ['assistants', projectId],
      queryFn: async ({ signal }) => (await client.assistants.list({ projectId }, { signal })).assistants,
    }),
  models: (client: Client) =>
    queryOptions({
      queryKey: ['models'],
      queryFn: async ({ signal }) => (await client.models.list({}, { signal })).models,
    }),
}

interface DocumentsPage {
  documents: ApiDocument[]
}

/** Puts a document as it is now into every list that shows it. Lists that should show it anew are read again later. */
export function place(queries: QueryClient, document: ApiDocument): void {
  queries.setQueryData(['document', document.projectId, document.id], document)
  queries.setQueriesData<DocumentsPage>({ queryKey: ['documents', document.projectId] }, page => {
    const at = page?.documents.findIndex(({ id }) => id === document.id) ?? -1
    if (!page || at < 0) return page
    return { ...page, documents: page.documents.with(at, document) }
  })
}
