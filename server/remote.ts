/** The library of a data directory that a server has open: what commands do, done through it. */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient, follow } from '../shared/api/client.ts'
import { type ApiDocument, ApiError, contract, isProblem, type Upload } from '../shared/api/index.ts'
import type { Core, Documents, NewFile } from '../shared/core.ts'
import { AppError, toAppError } from '../shared/errors.ts'
import type { Document, Project, Scope } from '../shared/model/index.ts'
import type { AppEvent } from '../shared/ports.ts'
import { createSocketFetch } from '../shared/processes/socket-fetch.ts'
import type { ProjectWork } from '../shared/store/index.ts'
import { createLedger, type Ledger } from '../shared/workspace/ledger.ts'
import { localUser } from '../shared/workspace/projects.ts'
import type { LibraryDownloads } from './library.ts'
import type { RunningServer } from './server-file.ts'

type Verb =
  | 'list'
  | 'page'
  | 'work'
  | 'get'
  | 'receipt'
  | 'files'
  | 'trash'
  | 'add'
  | 'cancel'
  | 'retry'
  | 'pause'
  | 'resume'
  | 'pauseAll'
  | 'resumeAll'
  | 'unlock'
  | 'delete'
  | 'undo'
  | 'purge'
  | 'company'
  | 'segment'

/** What commands need of a core: one in this process, or the server that has the data directory open. */
export type LibraryCore = Pick<
  Core,
  'ask' | 'search' | 'byWords' | 'watch' | 'trouble' | 'settled' | 'embedded' | 'start'
> & {
  projects: Pick<Core['projects'], 'list' | 'find' | 'create' | 'rename' | 'govern' | 'delete'>
  providers: Pick<Core['providers'], 'list' | 'add' | 'update' | 'remove' | 'test'>
  documents: Pick<Documents, Verb>
  ledger: Ledger
  givenUp: Core['givenUp']
  folders: Pick<Core['folders'], 'list' | 'follow' | 'missing' | 'unfollow' | 'start' | 'settled'>
}

/** Milliseconds between two looks how far the server's work is. */
const lookTime = 500
const pageSize = 200

export function connect({ address, socket, token }: RunningServer, language: string) {
  const url = address ?? 'http://localhost'
  const send = createSocketFetch(address === null ? socket : null)
  return { url, send, client: createClient({ routes: contract, url, fetch: send, token, language: () => language }) }
}

/** Everything that is the token's user's own, as the server writes it. A connection that breaks throws `server-unreachable`. */
export async function fetchExport(
  server: RunningServer,
  language: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const { url, send } = connect(server, language)
  const unreachable = (error: unknown) => {
    signal.throwIfAborted()
    throw new ApiError({ code: 'server-unreachable', status: 0 }, { cause: error })
  }
  const headers = { authorization: `Bearer ${server.token}`, 'accept-language': language }
  const response = await send(new Request(`${url}/api/v1/export`, { headers, signal })).catch(unreachable)
  const { ok, body } = response
  if (!ok || !body) {
    const problem: unknown = await response.json().catch(unreachable)
    throw isProblem(problem) ? new ApiError(problem) : new AppError('internal')
  }
  async function* bytes() {
    try {
      yield* body as ReadableStream<Uint8Array>
    } catch (error) {
      unreachable(error)
    }
  }
  return bytes()
}

/** What it can do with models here, beside those that it has in memory. */
export const askCatalog = (server: RunningServer, language: string, signal: AbortSignal) =>
  connect(server, language).client.catalog.list({}, { signal })

/** `language` is that of the texts of errors. */
export function createRemoteDownloads(server: RunningServer, language: string): LibraryDownloads {
  const { client } = connect(server, language)
  return {
    start: request => client.downloads.start(request),
    get: async name => (await client.downloads.list({})).downloads.find(download => download.name === name),
    pause: name => client.downloads.pause({ name }),
    cancel: async name => void (await client.downloads.cancel({ name })),
  }
}

/** `language` is that of the texts of errors. */
export function createRemoteCore(server: RunningServer, language: string): LibraryCore {
  const { token } = server
  const { url, send, client } = connect(server, language)
  let trouble: AppError | undefined

  async function work({ projectId }: Scope) {
    const { trouble: reason, ...far } = await client.documents.work({ projectId })
    trouble = reason ? new AppError(reason.code, reason.values) : undefined
    return far
  }

  /** All pages of a list. */
  async function all(
    list: (page: { limit: number; after?: string }) => Promise<{ documents: ApiDocument[]; next: string | null }>,
  ): Promise<Document[]> {
    const documents: Document[] = []
    for (let after: string | undefined; ; ) {
      const { documents: some, next } = await list({ limit: pageSize, ...(after && { after }) })
      documents.push(...some.map(toDocument))
      if (next === null) return documents
      after = next
    }
  }

  const list = ({ projectId }: Scope) => all(page => client.documents.list({ projectId, order: 'oldest', ...page }))

  /** Looks again and again until `done` says so, or the work stands still. */
  async function until(
    scope: Scope,
    signal: AbortSignal | undefined,
    done: (far: ProjectWork) => boolean,
  ): Promise<void> {
    while (!done(await work(scope))) {
      if (trouble) throw trouble
      await pause(lookTime, undefined, { ...(signal && { signal }) })
    }
  }

  const verb =
    (name: 'cancel' | 'retry' | 'pause' | 'resume' | 'delete' | 'undo') =>
    async ({ projectId }: Scope, documentId: string) =>
      toDocument(await client.documents[name]({ projectId, documentId }))

  /** As a stream: the client of the contract would hold the whole file. */
  async function add({ projectId }: Scope, { name, path = name, open }: NewFile, signal?: AbortSignal) {
    const boundary = randomUUID()
    let failure: unknown
    /** What stands in the way of reading is the file's, not the server's. */
    const bytes = async function* () {
      try {
        yield* open()
      } catch (error) {
        failure = error
        throw error
      }
    }
    const request = new Request(`${url}/api/v1/projects/${projectId}/documents`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'accept-language': language,
        'content-type': `multipart/form-data; boundary=${boundary}`,
      },
      body: Readable.toWeb(Readable.from(multipart(boundary, path, bytes()))) as ReadableStream<Uint8Array>,
      duplex: 'half',
      ...(signal && { signal }),
    })
    const body: unknown = await send(request)
      .then(response => response.json())
      .catch(error => {
        signal?.throwIfAborted()
        throw new ApiError({ code: 'server-unreachable', status: 0 }, { cause: error })
      })
      // Its error may also have ended a request that the server had answered.
      .finally(() => {
        if (failure !== undefined && !signal?.aborted) throw toAppError(failure)
      })
    if (isProblem(body)) throw new ApiError(body)
    const [result] = (body as { results: Upload[] }).results
    if (!result?.document) throw result?.problem ? new ApiError(result.problem) : new AppError('internal')
    return { document: toDocument(result.document), added: result.added }
  }

  return {
    projects: {
      list: async () => (await client.projects.list({})).projects.map(toProject),
      async find(_userId, wanted) {
        const projects = (await client.projects.list({})).projects.map(toProject)
        const found =
          wanted === undefined
            ? projects[0]
            : projects.find(({ id, name }) => id === wanted || name === wanted.normalize('NFC'))
        if (!found) throw new AppError('project-not-found', { name: wanted ?? '' })
        return found
      },
      create: async (_userId, name) => toProject(await client.projects.create({ name })),
      rename: async ({ projectId }, name) => toProject(await client.projects.update({ projectId, name })),
      govern: async ({ projectId }, policy) => toProject(await client.projects.update({ projectId, ...policy })),
      delete: async ({ projectId }) => void (await client.projects.delete({ projectId })),
    },
    documents: {
      list,
      work,
      async page({ projectId }, { states, recognizing, ids, limit, trashed, order, after, ...naming }) {
        const page = { projectId, limit, ...(after !== undefined && { after }), ...naming }
        if (trashed) {
          // What the contract does not offer of the trash.
          if (states || recognizing !== undefined || ids || order) throw new AppError('internal')
          const { documents, next, total } = await client.documents.trash(page)
          return { documents: documents.map(toDocument), next, total, states: {}, recognizing: 0 }
        }
        const { documents, ...rest } = await client.documents.list({
          ...page,
          ...(states && { state: [...states] }),
          ...(recognizing !== undefined && { recognizing: recognizing ? 'yes' : 'no' }),
          ...(ids && { ids: [...ids] }),
          ...(order && { order }),
        })
        return { documents: documents.map(toDocument), ...rest }
      },
      add,
      trash: ({ projectId }) => all(page => client.documents.trash({ projectId, ...page })),
      get: async ({ projectId }, documentId) => toDocument(await client.documents.get({ projectId, documentId })),
      async receipt({ projectId }, documentId) {
        return (await client.documents.receipt({ projectId, documentId })).receipt ?? undefined
      },
      async segment({ projectId }, documentId, from) {
        return (await client.documents.segments({ projectId, documentId, from, limit: 1 })).segments[0]
      },
      files: ({ projectId }, documentId, { after, limit }) =>
        client.documents.files({ projectId, documentId, after, limit }),
      purge: async ({ projectId }, documentId) => void (await client.documents.purge({ projectId, documentId })),
      company: async ({ projectId }, documentId) => (await client.documents.company({ projectId, documentId })).count,
      cancel: verb('cancel'),
      retry: verb('retry'),
      pause: verb('pause'),
      resume: verb('resume'),
      pauseAll: async ({ projectId }) => (await client.documents.pauseAll({ projectId })).count,
      resumeAll: async ({ projectId }) => (await client.documents.resumeAll({ projectId })).count,
      unlock: async ({ projectId }, documentId, password) =>
        toDocument(await client.documents.unlock({ projectId, documentId, password })),
      delete: verb('delete'),
      undo: verb('undo'),
    },
    ledger: createLedger(
      {
        async page(_userId, { purposes, outcomes, installation: _always, ...filter }) {
          const some = { ...(purposes && { purpose: [...purposes] }), ...(outcomes && { outcome: [...outcomes] }) }
          const { entries, next } = await client.ledger.list({ ...filter, ...some })
          return { entries: entries.map(({ own, ...entry }) => ({ ...entry, userId: own ? localUser : null })), next }
        },
        async sums(_userId, { purposes, outcomes, installation: _always, ...filter }) {
          const some = { ...(purposes && { purpose: [...purposes] }), ...(outcomes && { outcome: [...outcomes] }) }
          return (await client.ledger.sums({ ...filter, ...some })).sums
        },
      },
      { pageSize },
    ),
    providers: {
      list: async () => (await client.providers.list({})).providers,
      add: (_userId, provider) => client.providers.add(provider),
      update: (_userId, slug, changes) => client.providers.update({ slug, ...changes }),
      remove: async (_userId, slug) => void (await client.providers.remove({ slug })),
      test: (_userId, slug, signal) => client.providers.test({ slug }, signal && { signal }),
    },
    async *ask({ projectId }, request, signal) {
      const { question = '', chatId, again, documents, search, evenIfWeak, keep, before, ...wishes } = request
      // Ways to measure the search, which the contract does not offer.
      if (search !== undefined || evenIfWeak !== undefined) throw new AppError('internal')
      const options = signal && { signal }
      const only = documents && { documents: [...documents] }
      if (keep === false) {
        if (again || chatId !== undefined) throw new AppError('internal')
        const asked = { projectId, question, ...wishes, ...only, ...(before && { before: [...before] }) }
        yield* await client.answers.once(asked, options)
        return
      }
      if (before) throw new AppError('internal')
      const events = again
        ? await client.answers.regenerate({ projectId, chatId: chatId ?? '', messageId: again.messageId }, options)
        : await client.answers.ask(
            {
              projectId,
              question,
              ...wishes,
              ...(chatId && { chatId }),
              ...only,
            },
            options,
          )
      let answerId: string | undefined
      // At once: the server would wait for somebody who reads on, and the chat's next question with it.
      const stop = () => {
        if (answerId !== undefined) client.answers.stop({ projectId, answerId }).catch(() => {})
      }
      signal?.addEventListener('abort', stop, { once: true })
      try {
        for await (const event of events) {
          if (event.type === 'interrupted') throw new AppError(event.reason.code, event.reason.values)
          if (event.type === 'started') answerId = event.answerId
          else yield event
        }
      } finally {
        signal?.removeEventListener('abort', stop)
      }
    },
    async byWords({ projectId }) {
      const { trouble: reason } = await client.vectorIndexes.get({ projectId })
      return reason?.code === 'search-by-words' ? new AppError(reason.code, reason.values) : undefined
    },
    async search({ projectId }, query, { limit = 10, documents, signal } = {}) {
      const input = { projectId, query, limit: Math.min(limit, 100), ...(documents && { documents: [...documents] }) }
      return (await client.search(input, signal && { signal })).passages
    },
    async *watch(signal): AsyncGenerator<AppEvent> {
      for await (const event of follow(options => client.jobs.events({}, options), { signal })) {
        const { type } = event
        if (type === 'reset') yield { type: 'missed' }
        if (type === 'document') yield { type, projectId: event.projectId, documentId: event.documentId }
      }
    },
    trouble: () => trouble,
    settled: (scope, signal) => until(scope, signal, ({ open }) => open === 0),
    async embedded(scope, signal) {
      const { models } = await client.models.list({})
      if (!models.some(({ role, inUse }) => role === 'embedding' && inUse)) return
      await until(scope, signal, ({ embedded, chunks }) => embedded >= chunks)
    },
    givenUp: {
      list: async () => (await client.jobs.dead({})).jobs,
      retry: async (_userId, jobId) => void (await client.jobs.retry({ jobId })),
      retryAll: async () => (await client.jobs.retryAll({})).count,
    },
    folders: {
      list: async ({ projectId }) => (await client.folders.list({ projectId })).folders,
      follow: ({ projectId }, { path, ignore }) => client.folders.follow({ projectId, path, ignore: [...ignore] }),
      missing: ({ projectId }, folderId, documents, shown) =>
        client.folders.missing({ projectId, folderId, documents, shown }),
      unfollow: async ({ projectId }, folderId, documents) =>
        void (await client.folders.unfollow({ projectId, folderId, documents })),
      start() {},
      async settled({ projectId }, signal) {
        for (;;) {
          const { folders } = await client.folders.list({ projectId })
          if (!folders.some(({ state }) => state === 'looking' || state === 'leaving')) return
          await pause(lookTime, undefined, { ...(signal && { signal }) })
        }
      },
    },
    /** It works all the while. */
    start() {},
  }
}

/** What the contract leaves out of a document is nobody's business outside the server. */
const toDocument = ({ secondsLeft: _, ...document }: ApiDocument): Document => ({ ...document, blob: '' })
const toProject = (project: Omit<Project, 'userId'>): Project => ({ ...project, userId: localUser })

async function* multipart(
  boundary: string,
  name: string,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const text = new TextEncoder()
  // Extended (RFC 8187), so that every character of the name arrives: browsers' own form cannot tell `"` from `%22`.
  const escaped = encodeURIComponent(name).replaceAll("'", '%27')
  yield text.encode(
    `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename*=UTF-8''${escaped}\r\nContent-Type: application/octet-stream\r\n\r\n`,
  )
  yield* bytes
  yield text.encode(`\r\n--${boundary}--\r\n`)
}
