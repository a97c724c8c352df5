import { oc } from '@orpc/contract'
import { z } from 'zod'
import { id, inProject, language, next, paging, time } from './common.ts'
import { problem, reason } from './problem.ts'
import { passagesOf } from './search.ts'
import { segment } from './segment.ts'

export const documentState = z.enum(['queued', 'parsing', 'indexing', 'ready', 'failed', 'cancelled', 'paused'])

export const document = z.object({
  id,
  projectId: id,
  parentId: id.nullable().describe('The mail or archive it came out of'),
  name: z.string().describe('File name without folders'),
  path: z
    .string()
    .describe('With the folders it came from, or behind the path of the mail or archive, separated by `/`'),
  mediaType: z.string(),
  size: z.number().int().describe('Bytes'),
  state: documentState,
  segments: z.number().int().nullable().describe('Pages, or stretches of a text; null until known'),
  paged: z.boolean(),
  parsed: z.number().int().describe('Segments read so far'),
  indexed: z.number().int().describe('Segments that can be found by their words so far'),
  chunks: z.number().int().describe('Passages made of it so far'),
  embedded: z
    .number()
    .int()
    .describe(
      'Passages that can be found by their meaning so far, which goes on after `ready`; 0 without such a model',
    ),
  toRecognize: z.number().int().describe('Pages whose text is recognised in their picture'),
  recognized: z.number().int().describe('How many of them were so far, which goes on after `ready`'),
  language: language.nullable(),
  reason: reason.nullable().describe('Why it failed, or what was lost although it is ready'),
  secondsLeft: z
    .number()
    .int()
    .nullable()
    .describe('Until it is ready, at its pace so far; null where nothing can be said'),
  parseTime: z.number().int().describe('Milliseconds of reading'),
  indexTime: z.number().int().describe('Milliseconds of indexing'),
  createdAt: time,
  deletedAt: time.nullable().describe('Since when it lies in the trash'),
})

/** What became of a file inside a mail or an archive. */
export const fileInside = z.object({
  number: z.number().int().describe('In the order of the source, from 1'),
  name: z.string(),
  path: z.string().describe('With the folders it has inside'),
  documentId: id.nullable().describe('The document it is; null for one that was not taken, or is gone'),
  reason: reason.nullable().describe('Why it is none'),
})

export const receipt = z.object({
  documentId: id,
  segments: z.number().int(),
  pages: z.number().int().nullable().describe('Null for what has no pages'),
  characters: z.number().int(),
  chunks: z.number().int(),
  tableRows: z.number().int(),
  language: language.nullable(),
  pagesWithoutText: z.array(z.number().int()),
  recognition: z
    .object({
      waiting: z.number().int().describe('Pages that still wait'),
      pages: z.number().int().describe('Pages in which text was recognised'),
      confidence: z.number().describe('Mean over those pages, 0 to 1'),
      unsure: z.array(z.number().int()).describe('Pages below 0.6'),
      failed: z.array(z.number().int()),
    })
    .nullable()
    .describe('What came of the pages whose text could only be had from their picture'),
  pagesUnreadable: z.array(z.number().int()),
  furnitureLines: z.number().int().describe('Running headers, footers and page numbers that are not searched'),
  reasons: z.array(reason),
  files: z.array(fileInside).describe('The first files inside; the call `files` has them all'),
  fileCount: z.number().int().describe('Files inside'),
})

/** What became of one file of an upload. */
export const upload = z.object({
  file: z.string().describe('The name it came with'),
  added: z.boolean().describe('False also when the same bytes were there before'),
  document: document.nullable(),
  problem: problem.nullable().describe('Why it was refused'),
})

const one = z.object({ ...inProject, documentId: id })
const called = z.string().max(4000).optional().describe('Whose path or name is exactly this')
const idBeginning = z
  .string()
  .regex(/^[\da-f-]{1,36}$/)
  .describe('How the id begins')
const base = '/projects/{projectId}/documents'
const tags = ['Documents']

const verb = (name: string, summary: string, description: string) =>
  oc
    .route({ method: 'POST', path: `${base}/{documentId}/${name}`, summary, description, tags })
    .input(one)
    .output(document)

export const documents = {
  list: oc
    .route({ method: 'GET', path: base, summary: 'Documents', tags })
    .input(
      z.object({
        ...inProject,
        ...paging,
        order: z.enum(['newest', 'oldest', 'path']).default('newest'),
        state: z
          .union([documentState, z.array(documentState).min(1)])
          .optional()
          .describe('One, or some'),
        recognizing: z
          .enum(['yes', 'no'])
          .optional()
          .describe('Of those that are ready: only those whose pages wait for text recognition, or only the others'),
        ids: z.array(id).min(1).max(100).optional().describe('Of these'),
        beginning: idBeginning.optional(),
        called,
        name: z.string().max(200).optional().describe('Words that stand in the name or its folders, in either case'),
      }),
    )
    .output(
      z.object({
        documents: z.array(document),
        next,
        total: z.number().int().describe('Documents that match, over all pages'),
        states: z
          .partialRecord(documentState, z.number().int())
          .describe('How many of that name are in which state, over all pages'),
        recognizing: z
          .number()
          .int()
          .describe('How many of those that are ready have pages that wait for text recognition'),
      }),
    ),
  upload: oc
    .route({
      method: 'POST',
      path: base,
      summary: 'Add files',
      description:
        'One or many files as `multipart/form-data`; a part’s file name may carry the folders it came from. Each is judged by its name, its first bytes and its size before it is read to its end, and is stored when this answers; reading and indexing follow in the background (see `/api/v1/events`). The same bytes again are the same document. At most 1,000 files, and as many bytes as one file may have (64 MB where that is less), come in one request. When every file is refused the answer is the problem of the first one.',
      tags,
    })
    .input(z.object({ ...inProject, files: z.array(z.file()).min(1) }))
    .output(
      z.object({
        results: z.array(upload),
        complete: z
          .boolean()
          .describe('False: the request was not read to its end; files without a result were not taken'),
      }),
    ),
  addText: oc
    .route({
      method: 'POST',
      path: `${base}/text`,
      summary: 'Add a text',
      description: 'At most 10 MB. Kept as a file with the ending `.md` or `.txt`.',
      tags,
      successStatus: 201,
    })
    .input(
      z.object({
        ...inProject,
        name: z.string().describe('Without its ending; cut where it is longer than 255 bytes'),
        text: z.string(),
        format: z.enum(['markdown', 'plain']).default('markdown'),
      }),
    )
    .output(z.object({ document, added: z.boolean() })),
  search: passagesOf('/documents/search', 'Find passages, as `/projects/{projectId}/search` does'),
  trash: oc
    .route({ method: 'GET', path: `${base}/trash`, summary: 'Documents in the trash', tags })
    .input(
      z.object({
        ...inProject,
        ...paging,
        beginning: idBeginning.optional(),
        called,
        name: z.string().max(200).optional().describe('As in the list of documents'),
      }),
    )
    .output(z.object({ documents: z.array(document), next, total: z.number().int() })),
  work: oc
    .route({ method: 'GET', path: `${base}/work`, summary: 'How far the work on all of them is', tags })
    .input(z.object(inProject))
    .output(
      z.object({
        open: z.number().int().describe('Documents that wait or are worked on'),
        chunks: z.number().int().describe('Passages of what is ready'),
        embedded: z.number().int().describe('How many of those can be found by their meaning'),
        trouble: reason.nullable().describe('Why all work stands still; it goes on by itself'),
      }),
    ),
  get: oc
    .route({ method: 'GET', path: `${base}/{documentId}`, summary: 'One document, with its progress', tags })
    .input(one)
    .output(document),
  receipt: oc
    .route({
      method: 'GET',
      path: `${base}/{documentId}/receipt`,
      summary: 'What became of a document',
      description: 'Null until it has been read.',
      tags,
    })
    .input(one)
    .output(z.object({ receipt: receipt.nullable() })),
  files: oc
    .route({
      method: 'GET',
      path: `${base}/{documentId}/files`,
      summary: 'What was found inside a mail or an archive',
      description: 'In the order of the source. Empty for what holds no files.',
      tags,
    })
    .input(
      one.extend({
        after: z.coerce.number<number>().int().min(0).default(0).describe('Number of the last one seen'),
        limit: z.coerce.number<number>().int().min(1).max(500).default(100),
      }),
    )
    .output(z.object({ files: z.array(fileInside), total: z.number().int() })),
  original: oc
    .route({
      method: 'GET',
      path: `${base}/{documentId}/original`,
      summary: 'The file itself',
      description: 'As an attachment; `Range` and `If-None-Match` are understood.',
      tags,
    })
    .input(one)
    .output(z.file()),
  segments: oc
    .route({
      method: 'GET',
      path: `${base}/{documentId}/segments`,
      summary: 'The document as it was read: pages, or stretches of a text, in order',
      tags,
    })
    .input(
      one.extend({
        from: z.coerce.number<number>().int().min(1).default(1).describe('Number of the first'),
        limit: z.coerce.number<number>().int().min(1).max(50).default(10),
      }),
    )
    .output(
      z.object({
        segments: z.array(segment),
        total: z.number().int().nullable().describe('How many the document has; null until known'),
      }),
    ),
  segment: oc
    .route({
      method: 'GET',
      path: `${base}/{documentId}/segments/{number}`,
      summary: 'One page, or stretch of a text, as it was read',
      tags,
    })
    .input(one.extend({ number: z.coerce.number<number>().int().min(1) }))
    .output(segment),
  delete: oc
    .route({
      method: 'DELETE',
      path: `${base}/{documentId}`,
      summary: 'Move a document to the trash',
      description: 'Gone from every answer with this call; `undo` brings it back for as long as it lies in the trash.',
      tags,
    })
    .input(one)
    .output(document),
  company: oc
    .route({
      method: 'GET',
      path: `${base}/{documentId}/company`,
      summary: 'What would go with it',
      description:
        'How many of the documents that came out of a mail or an archive go with it when it is deleted; of one in the trash: when it is purged. What was put back from the trash stays.',
      tags,
    })
    .input(one)
    .output(z.object({ count: z.number().int() })),
  undo: verb('undo', 'Take a document out of the trash', 'It is indexed again.'),
  purge: oc
    .route({
      method: 'POST',
      path: `${base}/{documentId}/purge`,
      summary: 'Remove a document for good',
      description:
        'With its history, and its bytes where no other document needs them. With a mail or an archive in the trash goes what lies there with it.',
      tags,
      successStatus: 204,
    })
    .input(one)
    .output(z.undefined()),
  cancel: verb('cancel', 'Stop the work on a document', 'What was found so far leaves the search; the file stays.'),
  retry: verb('retry', 'Try again', 'A failed or finished document from the start, others from where they were.'),
  pause: verb('pause', 'Hold the work on a document', 'What was indexed so far can be found.'),
  resume: verb('resume', 'Go on with a held document', 'From where it was.'),
  pauseAll: oc
    .route({ method: 'POST', path: `${base}/pause`, summary: 'Hold the work on all documents', tags })
    .input(z.object(inProject))
    .output(z.object({ count: z.number().int().describe('How many were held') })),
  resumeAll: oc
    .route({ method: 'POST', path: `${base}/resume`, summary: 'Go on with all held documents', tags })
    .input(z.object(inProject))
    .output(z.object({ count: z.number().int().describe('How many go on') })),
  unrecognized: oc
    .route({
      method: 'GET',
      path: `${base}/unrecognized`,
      summary: 'What was read without text recognition',
      description: 'How many documents have pages that were left out because text recognition was switched off.',
      tags,
    })
    .input(z.object(inProject))
    .output(z.object({ count: z.number().int() })),
  recognizeAll: oc
    .route({
      method: 'POST',
      path: `${base}/recognize`,
      summary: 'Read those again',
      description: 'Every document with pages that were left out because text recognition was switched off.',
      tags,
    })
    .input(z.object(inProject))
    .output(z.object({ count: z.number().int().describe('How many are read again') })),
  unlock: oc
    .route({
      method: 'POST',
      path: `${base}/{documentId}/unlock`,
      summary: 'Read a protected document with its password',
      description:
        'For a document that failed with `password-protected` or `password-wrong`, and for an archive with protected files. The password is kept in memory until the document has been read, and nowhere else; a wrong one ends in `password-wrong`.',
      tags,
    })
    .input(one.extend({ password: z.string().min(1).max(1024) }))
    .output(document),
}

export type ApiDocument = z.output<typeof document>
export type ApiReceipt = z.output<typeof receipt>
export type Upload = z.output<typeof upload>
