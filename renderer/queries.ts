import {
  type DataTag,
  infiniteQueryOptions,
  keepPreviousData,
  type QueryClient,
  queryOptions,
} from '@tanstack/react-query'
import type { Client } from '../shared/api/client.ts'
import type { ApiDocument, ApiDownload } from '../shared/api/index.ts'
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

/** Which rows of the ledger are shown. */
export type LedgerFilter = NonNullable<Parameters<Client['ledger']['sums']>[0]>

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
  folders: (client: Client, projectId: string) =>
    queryOptions({
      queryKey: ['folders', projectId],
      queryFn: ({ signal }) => client.folders.list({ projectId }, { signal }),
    }),
  folderProblems: (client: Client, projectId: string, folderId: string, after: string | null) =>
    queryOptions({
      queryKey: ['folders', projectId, 'problems', folderId, after],
      queryFn: ({ signal }) =>
        client.folders.problems({ projectId, folderId, limit: pageSize, ...(after && { after }) }, { signal }),
      placeholderData: keepPreviousData,
    }),
  receipt: (client: Client, projectId: string, documentId: string) =>
    queryOptions({
      queryKey: ['receipt', projectId, documentId],
      queryFn: async ({ signal }) => (await client.documents.receipt({ projectId, documentId }, { signal })).receipt,
    }),
  chats: (client: Client, projectId: string) =>
    infiniteQueryOptions({
      queryKey: ['chats', projectId],
      queryFn: ({ pageParam, signal }) =>
        client.chats.list({ projectId, limit: 50, ...(pageParam && { after: pageParam }) }, { signal }),
      initialPageParam: null as string | null,
      getNextPageParam: page => page.next,
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
  /** Those of this computer, and those of servers with what this project says of them. */
  allModels: (client: Client, projectId: string) =>
    queryOptions({
      queryKey: ['models', projectId],
      queryFn: ({ signal }) => client.models.list({ projectId }, { signal }),
    }),
  /** Memory comes and goes without an event. */
  catalog: (client: Client) =>
    queryOptions({
      queryKey: ['catalog'],
      queryFn: ({ signal }) => client.catalog.list(undefined, { signal }),
      staleTime: 30_000,
    }),
  downloads: (client: Client) =>
    queryOptions({
      queryKey: ['downloads'],
      queryFn: async ({ signal }) => (await client.downloads.list(undefined, { signal })).downloads,
      // Events tell of bytes that come; one that stands still tells nothing any more.
      refetchInterval: ({ state }) =>
        state.data?.some(one => one.state !== 'paused' && one.state !== 'failed') ? 2000 : false,
    }),
  providers: (client: Client) =>
    queryOptions({
      queryKey: ['providers'],
      queryFn: async ({ signal }) => (await client.providers.list(undefined, { signal })).providers,
    }),
  index: (client: Client, projectId: string) =>
    queryOptions({
      queryKey: ['index', projectId],
      queryFn: ({ signal }) => client.vectorIndexes.get({ projectId }, { signal }),
      staleTime: 0,
      // While one is being built, its progress is shown; an event tells only that the model changed.
      refetchInterval: ({ state }) => (state.data?.building ? 2000 : 15_000),
    }),
  ledger: (client: Client, filter: LedgerFilter, after: string | null) =>
    queryOptions({
      queryKey: ['ledger', filter, after],
      queryFn: ({ signal }) => client.ledger.list({ ...filter, limit: pageSize, ...(after && { after }) }, { signal }),
      staleTime: 0,
      placeholderData: keepPreviousData,
    }),
  ledgerSums: (client: Client, filter: LedgerFilter) =>
    queryOptions({
      queryKey: ['ledger', 'sums', filter],
      queryFn: async ({ signal }) => (await client.ledger.sums(filter, { signal })).sums,
      staleTime: 0,
      placeholderData: keepPreviousData,
    }),
}

/** Puts what the server answered where it is read, and reads that anew: a reading that began before it has no say any more. */
export function keep<T>(
  queries: QueryClient,
  { queryKey }: { queryKey: DataTag<readonly unknown[], T, Error> },
  update: (before: T) => T,
): void {
  queries.setQueryData<T>(queryKey, before => (before === undefined ? undefined : update(before)))
  void queries.invalidateQueries({ queryKey })
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

/** Puts a download as it is now into the list; null: it is one no more. */
export function placeDownload(queries: QueryClient, name: string, download: ApiDownload | null): void {
  queries.setQueryData<ApiDownload[]>(['downloads'], before => {
    if (!before) return before
    const at = before.findIndex(one => one.name === name)
    if (!download) return before.filter(one => one.name !== name)
    return at < 0 ? [...before, download] : before.with(at, download)
  })
}
