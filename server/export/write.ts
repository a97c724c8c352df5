/** Everything that is a user's own as one ZIP archive, written as it is read: nothing of it is held. */
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { configure, ZipWriter } from '@zip.js/zip.js'
import type { Core } from '../../shared/core.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { AuditEntry, Chat, Document, ErrorCode, Message, Scope } from '../../shared/model/index.ts'
import { scopeIn } from '../../shared/workspace/members.ts'
import { chatSection, pageHead } from './chat-page.ts'
import { createNames, safePart } from './names.ts'

// As where archives are read: one process, no threads of its own. Files are written at most as many at a time as there are “workers”, by all
// archives together: with the usual number, as many clients as there are cores, who take nothing, keep everybody else's from beginning.
configure({ useWebWorkers: false, useCompressionStream: true, maxWorkers: Number.MAX_SAFE_INTEGER })

export interface ExportDependencies {
  core: Core
  userId: string
  version: string
  /** What is known of the account; no secrets. */
  account: unknown
}

const pageSize = 200
export const manifestName = 'manifest.json'
const files = {
  account: 'account.json',
  settings: 'settings.json',
  providers: 'providers.json',
  usage: 'usage.json',
  audit: 'audit.jsonl',
  ledger: 'ledger.jsonl',
  manifest: manifestName,
  /** Chats in projects that one has no part in any more. */
  left: 'left-projects',
} as const
/** Of what is stored as it is, and of text. */
const asItIs = { level: 0 }
const packed = { level: 6 }

/** The last file of an archive: what is in it. */
export interface Manifest {
  format: 2
  version: string
  createdAt: string
  projects: ProjectCounts[]
  /** Chats in projects that one has no part in any more. */
  leftChats: number
}

interface ProjectCounts {
  name: string
  folder: string
  own: boolean
  documents: number
  chats: number
  missing: Missing[]
}

/** What is not in the archive, or not to its end, and why. */
interface Missing {
  id: string
  path: string
  part: 'original' | 'text'
  reason: string
}

/** What a document alone is to blame for. */
const ofTheDocument: ReadonlySet<string> = new Set<ErrorCode>(['blob-missing', 'blob-damaged', 'document-not-found'])

/**
 * The archive's bytes. An error of the database, of the store of files as a whole, or the signal, breaks it off: without `manifest.json`,
 * the last of it, it is not whole. What cannot be read of a document is named there, and ends nothing.
 */
export function exportOf({ core, userId, version, account }: ExportDependencies, signal: AbortSignal): Readable {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const zip = new ZipWriter(writable, { bufferedWrite: false, keepOrder: true, signal })

  const add = (name: string, bytes: ReadableStream<Uint8Array>, options: { level: number }, at?: number) =>
    zip.add(name, bytes, { ...options, signal, ...(at !== undefined && { lastModDate: new Date(at) }) })
  const addText = (name: string, text: AsyncIterable<string>) => add(name, streamOf(text), packed)
  const addJson = (name: string, value: unknown) => addText(name, once(`${JSON.stringify(value, undefined, 2)}\n`))
  const addLines = (name: string, values: AsyncIterable<unknown>) => addText(name, linesOf(values))

  async function fill(): Promise<void> {
    const counts: ProjectCounts[] = []
    const nameFolder = createNames()
    for (const name of Object.values(files)) nameFolder(name)
    for (const project of await core.projects.list(userId)) {
      const own = project.userId === userId
      const folder = nameFolder(safePart(project.name))
      const scope = scopeIn(project, userId)
      const count: ProjectCounts = { name: project.name, folder, own, documents: 0, chats: 0, missing: [] }
      counts.push(count)
      if (own) {
        for (const trashed of [false, true]) await addDocuments(scope, folder, trashed, count)
        await addJson(`${folder}/assistants.json`, await core.assistants.list(scope))
      }
      const [chats, deleted] = [await core.chats.list(scope), await core.chats.trash(scope)]
      count.chats = chats.length
      await addChats(folder, chats, project.name)
      if (deleted.length > 0) await addChats(`${folder}/trash`, deleted, project.name)
    }
    const left = await core.chats.left.list(userId)
    if (left.length > 0) await addChats(files.left, left, files.left)
    await addJson(files.account, account)
    await addJson(files.settings, await core.settings.get(userId))
    await addJson(files.providers, await providers())
    await addJson(files.usage, { ...(await core.quotas.get(userId)), days: await core.quotas.usage(0, userId) })
    await addLines(files.audit, audit())
    await addLines(files.ledger, core.ledger.all(userId, {}))
    const createdAt = new Date().toISOString()
    const kept: Manifest = { format: 2, version, createdAt, projects: counts, leftChats: left.length }
    await addJson(files.manifest, kept)
    await zip.close()
  }

  async function addDocuments(scope: Scope, folder: string, trashed: boolean, count: ProjectCounts): Promise<void> {
    const [originals, texts] = trashed ? ['trash/originals', 'trash/text'] : ['originals', 'text']
    const nameOriginal = createNames()
    const nameText = createNames()
    for await (const document of documents(scope, trashed)) {
      count.documents += 1
      const { id, path, createdAt } = document
      const miss = (part: Missing['part']) => (error: unknown) => {
        signal.throwIfAborted()
        const { code } = toAppError(error)
        if (!ofTheDocument.has(code)) throw error
        count.missing.push({ id, path, part, reason: code })
      }
      // Opened before its entry is begun: an archive cannot take back what is in it.
      const bytes = await openOriginal(scope, id).catch(miss('original'))
      if (bytes) {
        const name = `${folder}/${originals}/${nameOriginal(path)}`
        await add(name, streamOf(ending(bytes, miss('original'))), asItIs, createdAt)
      }
      if ((document.segments ?? 0) === 0) continue
      await addText(`${folder}/${texts}/${nameText(path, '.txt')}`, ending(textOf(scope, document), miss('text')))
    }
  }

  async function openOriginal(scope: Scope, id: string): Promise<AsyncIterable<Uint8Array>> {
    const { file } = await core.documents.original(scope, id)
    const handle = await open(file).catch(error => {
      throw unreadable(error)
    })
    return ending(handle.createReadStream({ signal }), error => {
      throw unreadable(error)
    })
  }

  async function* documents(scope: Scope, trashed: boolean): AsyncGenerator<Document> {
    for (let after: string | undefined; ; ) {
      const filter = { trashed, order: 'oldest', limit: pageSize, ...(after !== undefined && { after }) } as const
      const page = await core.documents.page(scope, filter)
      yield* page.documents
      if (page.next === null) return
      after = page.next
    }
  }

  /** The pages, with a form feed between them. */
  async function* textOf(scope: Scope, { id, segments }: Document): AsyncGenerator<string> {
    let absent = false
    for (let number = 1; number <= (segments ?? 0); number += 1) {
      signal.throwIfAborted()
      const segment = await core.documents.segment(scope, id, number)
      absent ||= !segment
      yield `${number > 1 ? '\f' : ''}${(segment?.blocks ?? []).map(({ text }) => `${text}\n`).join('')}`
    }
    // Gone, or being read anew.
    if (absent) throw new AppError('document-not-found', { id })
  }

  /** Its own chats, wherever they are. */
  async function addChats(folder: string, chats: readonly Chat[], title: string): Promise<void> {
    await addLines(`${folder}/chats.jsonl`, chatLines(chats))
    await addText(`${folder}/chats.html`, chatPage(chats, title))
  }
  async function* each(chats: readonly Chat[]): AsyncGenerator<[Chat, Message[]]> {
    for (const chat of chats) yield [chat, await core.chats.left.said(userId, chat.id)]
  }
  async function* chatLines(chats: readonly Chat[]) {
    for await (const [chat, messages] of each(chats)) yield { ...chat, messages }
  }
  async function* chatPage(chats: readonly Chat[], title: string): AsyncGenerator<string> {
    yield pageHead(title)
    for await (const [chat, messages] of each(chats)) yield chatSection(chat, messages)
  }
  async function* audit(): AsyncGenerator<AuditEntry> {
    for (let after: string | undefined; ; ) {
      const { entries, next } = await core.audit.own(userId, { limit: pageSize, ...(after !== undefined && { after }) })
      yield* entries
      if (next === null) return
      after = next
    }
  }
  /** Without anything of their keys. */
  async function providers() {
    const known = (await core.providers.known(userId)).filter(({ source }) => source === 'user')
    return known.map(({ slug, kind, name, baseUrl, enabled }) => ({ slug, kind, name, baseUrl, enabled }))
  }

  fill().catch(error => writable.abort(error).catch(() => {}))
  return Readable.fromWeb(readable as import('node:stream/web').ReadableStream<Uint8Array>, { signal })
}

async function* once(text: string): AsyncGenerator<string> {
  yield text
}

async function* linesOf(values: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const value of values) yield `${JSON.stringify(value)}\n`
}

/** What fails in the midst of it ends it there; `failed` may throw. */
async function* ending<Part>(parts: AsyncIterable<Part>, failed: (error: unknown) => void): AsyncGenerator<Part> {
  try {
    yield* parts
  } catch (error) {
    failed(error)
  }
}

/** Why this one file cannot be read, where it is not the machine that can open no file any more. */
function unreadable(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOMEM') return error
  // A purge was faster, or a store that keeps copies here for a while.
  return new AppError(code === 'ENOENT' ? 'blob-missing' : 'blob-damaged', {}, { cause: error })
}

function streamOf(parts: AsyncIterable<string | Uint8Array>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const bytes = async function* () {
    for await (const part of parts) if (part.length > 0) yield typeof part === 'string' ? encoder.encode(part) : part
  }
  return Readable.toWeb(Readable.from(bytes(), { objectMode: false })) as ReadableStream<Uint8Array>
}
