/** The routes whose bodies are files: read and written as they come, never held. */
import type { Request, RequestHandler, Response } from 'express'
import { z } from 'zod'
import type { Upload } from '../../shared/api/index.ts'
import type { Core } from '../../shared/core.ts'
import { AppError, toAppError } from '../../shared/errors.ts'
import type { ErrorCode, Scope } from '../../shared/model/index.ts'
import { contentOf, contentTypes } from '../../shared/parsers/content.ts'
import { type Format, formatOf, HEAD } from '../../shared/parsers/formats.ts'
import type { Log } from '../../shared/ports.ts'
import type { EventHub } from './events.ts'
import { demandRole, whoAsks } from './identity.ts'
import type { ModelShelf } from './model-shelf.ts'
import { problemOf, sendProblem } from './problems.ts'
import { type IncomingFile, receiveFiles } from './receive.ts'
import { toApiDocument } from './shapes.ts'

export interface TransferDependencies {
  core: Core
  models: ModelShelf
  hub: EventHub
  log: Log
  maxFileSize: number
}

/** Files of one request. */
const mostFiles = 1000
/** Bytes that a request may have where a single file may not have as many. */
const smallRequest = 64 * 1024 * 1024
/** Bytes of what stands around the files. */
const headings = 1024 * 1024

/** Of the file alone: the others of the request may fare better. */
const ofTheFile: readonly ErrorCode[] = [
  'unsupported-type',
  'type-mismatch',
  'damaged',
  'empty-file',
  'too-large',
  'too-many-files',
  'quota-bytes',
  'quota-full',
  'name-invalid',
]

export function createTransfers({ core, models, hub, log, maxFileSize }: TransferDependencies): {
  upload: RequestHandler
  original: RequestHandler
  addModel: RequestHandler
} {
  /** `demandRight`: asked again when the bytes are there, before there is a document. */
  async function store(scope: Scope, file: IncomingFile, signal: AbortSignal, demandRight: () => Promise<void>) {
    const format = formatOf(file.name)
    if (!format) throw new AppError('unsupported-type', { name: file.name })
    let opened = false
    const open = () => {
      // The bytes went by once and do not come again.
      if (opened) throw new AppError('file-changed')
      opened = true
      return read(format)
    }
    async function* read(as: Format) {
      yield* judged(file, as)
      await demandRight()
    }
    const { name, path } = file
    return core.documents.add(scope, { name, path, open, limit: maxFileSize }, signal)
  }

  return {
    async upload(req, res) {
      const projectId = idOf(req, 'projectId')
      const enter = () => core.members.scopeOf(whoAsks(res).userId, projectId, 'write')
      const scope = await enter()
      /** Files may come for hours: nobody adds one by a right that is gone. */
      const demandRight = async () => {
        await res.locals.stillIn?.()
        await enter()
      }
      const announced = Number(req.headers['content-length'] ?? 0)
      // Refused before anything is read; what stands around the files may take some of it.
      await core.quotas.demandRoom(scope, Math.max(1, announced - headings))
      const { caller } = res.locals
      const refuse = (path: string, error: AppError): Upload => ({
        file: path,
        added: false,
        document: null,
        problem: problemOf(error, caller),
      })
      const { results, complete } = await receiveFiles<Upload>(req, res, {
        most: mostFiles,
        refuse,
        limit: Math.max(maxFileSize, smallRequest) + headings,
        tooLarge: () => new AppError('too-large', { limit: maxFileSize }),
        async take(file, signal) {
          await demandRight()
          try {
            const { document, added } = await store(scope, file, signal, demandRight)
            return { file: file.path, added, document: toApiDocument(document), problem: null }
          } catch (error) {
            const known = toAppError(error)
            if (!ofTheFile.includes(known.code)) throw error
            return refuse(file.path, known)
          }
        },
      })
      const [{ problem }] = results
      if (problem && results.every(result => result.problem)) sendProblem(res, problem, { results, complete })
      else res.json({ results, complete })
    },

    async original(req, res) {
      const scope = await core.members.scopeOf(whoAsks(res).userId, idOf(req, 'projectId'), 'read')
      const { document, file } = await core.documents.original(scope, idOf(req, 'documentId'))
      res.setHeader('Content-Disposition', attachment(document.name))
      res.setHeader('Content-Type', document.mediaType)
      // Should a browser show it after all: nothing in it may run or load.
      res.setHeader('Content-Security-Policy', "default-src 'none'; sandbox")
      res.setHeader('Cache-Control', 'private, no-cache')
      res.setHeader('ETag', `"${document.blob}"`)
      try {
        await sendFile(res, file)
      } catch (error) {
        if (!(error instanceof Error && 'status' in error && error.status === 416)) throw error
        res.setHeader('Content-Range', `bytes */${document.size}`)
        throw new AppError('range-invalid', { size: document.size }, { cause: error })
      }
    },

    async addModel(req, res) {
      demandRole(whoAsks(res))
      try {
        const { results } = await receiveFiles(req, res, {
          most: 1,
          take(file, signal) {
            log.info('a model is being added')
            return models.add(file.name, file.bytes, signal)
          },
        })
        res.status(201).json(results[0])
      } finally {
        hub.publish({ type: 'models' })
      }
    },
  }
}

/**
 * The file's bytes, once the first of them have been found to be what its name says, or something that only its reader can
 * tell. Throws `type-mismatch`, `damaged`.
 */
async function* judged(file: IncomingFile, format: Format): AsyncGenerator<Uint8Array> {
  let head: Buffer = Buffer.alloc(0)
  let known = false
  for await (const chunk of file.bytes) {
    if (known) {
      yield chunk
      continue
    }
    head = Buffer.concat([head, chunk])
    if (head.length < HEAD) continue
    check(head)
    known = true
    yield head
  }
  if (known || head.length === 0) return
  check(head)
  yield head

  function check(bytes: Buffer): void {
    if (format.matches(bytes.subarray(0, HEAD))) return
    const content = contentOf(bytes.subarray(0, HEAD))
    // Whether it is a Word file or an archive is told by its end: the reader will say.
    if (content === 'zip' || content === 'office-97') return
    // It begins as its name says, and goes on as nothing of the kind.
    if (content !== undefined && contentTypes[content] === format.mediaType) throw new AppError('damaged')
    throw new AppError('type-mismatch', { name: file.name, ...(content !== undefined && { content }) })
  }
}

function idOf(req: Request, name: string): string {
  const { success, data } = z.uuid().safeParse(req.params[name])
  if (!success) throw new AppError('input-invalid', { field: name })
  return data
}

/** RFC 6266, with the name in both spellings. */
function attachment(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, '_')
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    letter => `%${letter.charCodeAt(0).toString(16)}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}

function sendFile(res: Response, file: string): Promise<void> {
  const options = { dotfiles: 'allow', etag: false, lastModified: false, cacheControl: false } as const
  return new Promise((resolve, reject) => {
    res.sendFile(file, options, error => {
      // Whoever went away in the middle misses nothing.
      if (error && !res.headersSent && !res.destroyed) reject(error)
      else resolve()
    })
  })
}
