/** What a program's assistant can do here. Descriptions and answers are plain English: a model reads them. */
import type { CallToolResult, McpServer, ServerContext } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { AppError, reasonOf, toAppError } from '../../shared/errors.ts'
import { createTranslate } from '../../shared/messages/index.ts'
import { shownQuote } from '../../shared/model/answer.ts'
import type { Answer, Citation, Document, Passage } from '../../shared/model/index.ts'
import { placeText, shownState, textOf } from '../present.ts'
import { linkOf, type McpCore, type McpLibrary, projectOf, scopeOf, visibleProjects } from './library.ts'
import { quoted, readParts } from './reading.ts'

const translate = createTranslate('en')
/** Characters of text that one call reads. */
const longestReading = 40_000
const mostParts = 50

const project = z.string().max(200).optional().describe('Name or id of a project; the first one without it')
const documents = z.array(z.uuid()).min(1).max(1000).optional().describe('Ids of documents: only these are searched')
const link = z.string().describe('URI of the document as a resource; behind “#” its page or part')
const part = z.number().int().nullable().describe('Page, or part of a text, to `read`')
const notice = z.string().describe('What the text of documents here is, and is not')
const place = z.string().describe('Where it stands, in words: a page, or headings and lines')

const passage = z.object({
  document: z.uuid(),
  file: z.string(),
  part,
  place,
  quote: z.string().describe('The text, verbatim'),
  link,
})
const listed = z.object({
  id: z.uuid(),
  file: z.string(),
  mediaType: z.string(),
  size: z.number().int().describe('Bytes'),
  state: z.string().describe('“ready” once it can be searched'),
  parts: z.number().int().nullable().describe('Pages, or parts of a text'),
  paged: z.boolean(),
  language: z.string().nullable(),
  added: z.string(),
  link,
})
const citation = z.object({
  number: z.number().int().describe('As in the text: [1]'),
  document: z.uuid(),
  file: z.string(),
  part,
  place,
  quote: z.string().describe('The sentence that proves it, verbatim'),
  link,
})

export function registerTools(server: McpServer, library: McpLibrary): void {
  const readOnly = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }

  server.registerTool(
    'list_projects',
    {
      title: 'List projects',
      description:
        'Lists the projects: collections of the user’s documents. Each is searched and asked by itself; pass its name or id to the other tools.',
      inputSchema: z.object({}),
      outputSchema: z.object({
        projects: z.array(z.object({ id: z.uuid(), name: z.string(), documents: z.number().int() })),
      }),
      annotations: readOnly,
    },
    () =>
      attempt(library, async core => {
        const projects = await Promise.all(
          (await visibleProjects(library, core)).map(async one => {
            const { total } = await core.documents.page(scopeOf(core, one), { limit: 1 })
            return { id: one.id, name: one.name, documents: total }
          }),
        )
        const lines = projects.map(({ id, name, documents: count }) => `- ${name} (${count} documents, id ${id})`)
        return { text: lines.join('\n'), structured: { projects } }
      }),
  )

  server.registerTool(
    'list_documents',
    {
      title: 'List documents',
      description:
        'Lists the documents of a project with their ids, newest first. Use `search` to find text; this tells what is there.',
      inputSchema: z.object({
        project,
        name: z.string().max(200).optional().describe('Only those whose path holds each of these words'),
        limit: z.number().int().min(1).max(200).default(50),
        after: z.string().max(4000).optional().describe('`next` of the list before'),
      }),
      outputSchema: z.object({
        documents: z.array(listed),
        total: z.number().int(),
        next: z.string().nullable().describe('`after` for the next ones; null at the end'),
      }),
      annotations: readOnly,
    },
    ({ project: wanted, name, limit, after }) =>
      attempt(library, async core => {
        const found = await projectOf(library, core, wanted)
        const filter = { limit, ...(name !== undefined && { name }), ...(after !== undefined && { after }) }
        const page = await core.documents.page(scopeOf(core, found), filter)
        const { total, next } = page
        const all = page.documents.map(toListed)
        const lines = all.map(({ id, file, state, parts, paged }) => {
          const size = parts === null ? '' : `, ${parts} ${paged ? 'pages' : 'parts'}`
          return `- ${file} (${state}${size}, id ${id})`
        })
        const rest = next === null ? '' : `\n\nMore: call again with after = ${next}`
        const text = `${total} documents in “${found.name}”.\n${lines.join('\n')}${rest}`
        return { text, structured: { documents: all, total, next } }
      }),
  )

  server.registerTool(
    'search',
    {
      title: 'Search documents',
      description:
        'Finds passages of the user’s documents, by words and by meaning, best first. Each comes with its document, its page and its exact text. Good for gathering material; to get a proven answer to a question, use `ask`.',
      inputSchema: z.object({
        query: z.string().min(1).max(2000).describe('Words, or a question'),
        project,
        documents,
        limit: z.number().int().min(1).max(50).default(8),
      }),
      outputSchema: z.object({ notice, passages: z.array(passage) }),
      annotations: readOnly,
    },
    ({ query, project: wanted, documents: only, limit }, context) =>
      attempt(library, async core => {
        const found = await projectOf(library, core, wanted)
        const { signal } = context.mcpReq
        const options = { limit, signal, ...(only && { documents: only }) }
        const hits = await core.search(scopeOf(core, found), query, options)
        const passages = hits.map(hit => toPassage(found.id, hit))
        const texts = passages.map(
          ({ document, file, place: where, quote }, at) =>
            `[${at + 1}] ${[file, where].filter(Boolean).join(', ')} (document ${document})\n${quote}`,
        )
        const text = texts.length === 0 ? 'Nothing was found.' : `${quoted}\n\n${texts.join('\n\n')}`
        return { text, structured: { notice: quoted, passages } }
      }),
  )

  server.registerTool(
    'read',
    {
      title: 'Read a document',
      description:
        'Gives the text of a document from one page to another (of a text without pages: from one part to another, as `search` names them). Long stretches come in pieces: read on from `next`.',
      inputSchema: z
        .object({
          document: z.uuid().describe('Id of the document'),
          project,
          from: z.number().int().min(1).default(1).describe('First page, or part'),
          to: z.number().int().min(1).optional().describe('Last page, or part; without it, as much as fits'),
        })
        .refine(({ from, to }) => to === undefined || to >= from, 'to must not be before from'),
      outputSchema: z.object({
        notice,
        document: z.uuid(),
        file: z.string(),
        from: z.number().int(),
        to: z.number().int(),
        parts: z.number().int().nullable(),
        next: z.number().int().nullable().describe('Where to read on; null at the end'),
        text: z.string(),
        link,
      }),
      annotations: readOnly,
    },
    ({ document, project: wanted, from, to }, context) =>
      attempt(library, async core => {
        const found = await projectOfDocument(library, core, document, wanted)
        const last = Math.min(to ?? Number.POSITIVE_INFINITY, from + mostParts - 1)
        const { signal } = context.mcpReq
        const options = { from, to: last, most: longestReading, signal }
        const read = await readParts(core, found.scope, document, options)
        const end = Math.min(to ?? Number.POSITIVE_INFINITY, read.parts ?? Number.POSITIVE_INFINITY)
        const next = read.to < end ? read.to + 1 : null
        const { file } = found
        const more = next === null ? '' : `\n\nRead on from ${next}.`
        const text = `${quoted}\n\n${file}, ${read.from}–${read.to} of ${read.parts ?? '?'}:\n\n${read.text}${more}`
        const uri = linkOf(found.scope.projectId, document, from)
        return { text, structured: { notice: quoted, ...read, document, file, next, link: uri } }
      }),
  )

  server.registerTool(
    'ask',
    {
      title: 'Ask the documents',
      description:
        'Answers a question from the user’s documents. Every sentence of the answer is checked against the passage it cites, and each citation is verbatim with document and page; where the documents do not hold the answer, it says so. Nothing is kept of it.',
      inputSchema: z.object({
        question: z.string().min(1).max(2000),
        project,
        documents,
        before: z
          .array(z.string().max(2000))
          .max(50)
          .optional()
          .describe('Earlier questions of the conversation, oldest first, where this one refers back to them'),
        language: z.enum(['de', 'en']).optional().describe('Of the answer; the question’s without it'),
      }),
      outputSchema: z.object({
        notice,
        mode: z
          .enum(['model', 'quotes', 'declined', 'none'])
          .describe('`quotes`: sentences of the documents themselves; `declined`: they do not seem to hold the answer'),
        answer: z.string(),
        sentences: z.array(z.object({ text: z.string(), citations: z.array(z.number().int()), proven: z.boolean() })),
        citations: z.array(citation),
        model: z.string().nullable().describe('Which model wrote it; null for quotes'),
        note: z.string().nullable().describe('Why it is less than was asked for'),
      }),
      annotations: readOnly,
    },
    ({ question, project: wanted, documents: only, before, language }, context) =>
      attempt(library, async core => {
        const found = await projectOf(library, core, wanted)
        const tell = progressOf(context)
        const request = {
          question,
          keep: false as const,
          ...(only && { documents: only }),
          ...(before && { before }),
          ...(language && { language }),
        }
        for await (const event of core.ask(scopeOf(core, found), request, context.mcpReq.signal)) {
          if (event.type === 'waiting' && event.place > 0) await tell(`${event.place} questions come first`)
          if (event.type === 'passages') await tell(`${event.passages.length} passages found`)
          if (event.type === 'sentence') await tell(event.sentence.text)
          if (event.type === 'finish') return toAnswer(found.id, event.answer)
        }
        throw new AppError('cancelled')
      }),
  )
}

interface Told {
  text: string
  structured: Record<string, unknown>
}

/** What goes wrong is told to the model, which may do better: it is no error of the protocol. */
async function attempt(library: McpLibrary, run: (core: McpCore) => Promise<Told>): Promise<CallToolResult> {
  try {
    const { text, structured } = await library.with(run)
    return { content: [{ type: 'text', text }], structuredContent: structured }
  } catch (error) {
    const text = textOf(translate, reasonOf(toAppError(error)))
    return { content: [{ type: 'text', text }], isError: true }
  }
}

/** Says how far it is, where somebody wants to know. */
export function progressOf({ mcpReq }: ServerContext): (message: string) => Promise<void> {
  const progressToken = mcpReq._meta?.progressToken
  let progress = 0
  return async message => {
    if (progressToken === undefined || mcpReq.signal.aborted) return
    progress += 1
    const params = { progressToken, progress, message: message.slice(0, 200) }
    // Whoever does not hear it gets the answer all the same.
    await mcpReq.notify({ method: 'notifications/progress', params }).catch(() => {})
  }
}

/** In the project that is named, else in whichever it is. Throws `document-not-found`, `project-not-found`. */
async function projectOfDocument(library: McpLibrary, core: McpCore, documentId: string, wanted: string | undefined) {
  const projects =
    wanted === undefined ? await visibleProjects(library, core) : [await projectOf(library, core, wanted)]
  for (const one of projects) {
    const scope = scopeOf(core, one)
    const document = await core.documents.get(scope, documentId).catch(error => {
      if (toAppError(error).code !== 'document-not-found') throw error
    })
    if (document) return { scope, file: document.path }
  }
  throw new AppError('document-not-found', { id: documentId })
}

const partOf = ({ page, where }: Pick<Passage, 'page' | 'where'>) => page ?? where?.segment ?? null

function toPassage(projectId: string, hit: Passage): z.output<typeof passage> {
  const { documentId, file, text } = hit
  const number = partOf(hit)
  return {
    document: documentId,
    file,
    part: number,
    place: placeText(translate, hit),
    quote: text,
    link: linkOf(projectId, documentId, number ?? undefined),
  }
}

function toCitation(projectId: string, cited: Citation, at: number): z.output<typeof citation> {
  const number = partOf(cited)
  return {
    number: at + 1,
    document: cited.documentId,
    file: cited.file,
    part: number,
    place: placeText(translate, cited),
    quote: shownQuote(cited),
    link: linkOf(projectId, cited.documentId, number ?? undefined),
  }
}

function toListed(document: Document): z.output<typeof listed> {
  const { id, path, mediaType, size, segments, paged, language, createdAt, projectId } = document
  return {
    id,
    file: path,
    mediaType,
    size,
    state: shownState(document),
    parts: segments,
    paged,
    language,
    added: new Date(createdAt).toISOString(),
    link: linkOf(projectId, id),
  }
}

function toAnswer(projectId: string, answer: Answer): Told {
  const { mode, model, reason, sentences } = answer
  const citations = answer.citations.map((cited, at) => toCitation(projectId, cited, at))
  const marks = (numbers: readonly number[]) => numbers.map(number => `[${number + 1}]`).join('')
  const written = sentences
    .map(({ lead, text, citations: numbers, supported }) =>
      [`${lead}${text}`, marks(numbers), supported ? '' : translate('cli.answer.unsupported')]
        .filter(Boolean)
        .join(' '),
    )
    .join('')
    .trim()
  const note = reason && textOf(translate, reason)
  const sources = citations.map(
    ({ number, file, place: where, quote }) => `[${number}] ${[file, where].filter(Boolean).join(', ')}: “${quote}”`,
  )
  const text = [
    mode === 'model' ? written : mode === 'quotes' ? 'The documents say:' : answer.text,
    sources.length > 0 ? `${mode === 'model' ? 'Sources. ' : ''}${quoted}\n${sources.join('\n')}` : '',
    note ? `Note: ${note}` : '',
  ]
  return {
    text: text.filter(Boolean).join('\n\n'),
    structured: {
      notice: quoted,
      mode,
      answer: mode === 'model' ? written : answer.text,
      sentences: sentences.map(({ text: said, citations: numbers, supported }) => ({
        text: said,
        citations: numbers.map(number => number + 1),
        proven: supported,
      })),
      citations,
      model,
      note,
    },
  }
}
