/** What each route of the contract does. Uploads and originals are streams: `transfers.ts` has them. */
import { implement, ORPCError, withEventMeta } from '@orpc/server'
import { contract, type Session, type StreamedAnswer } from '../../shared/api/index.ts'
import type { Answers, Core } from '../../shared/core.ts'
import { AppError, reasonOf } from '../../shared/errors.ts'
import type { AppEvent, DocumentState, Scope } from '../../shared/model/index.ts'
import type { Downloads } from '../../shared/models/download.ts'
import { toApiEntry, toFilter } from '../ledger-lines.ts'
import { addText, askPlainly, demandQuestion, generate, throughAssistant, titleOf } from './asking.ts'
import type { EventHub } from './events.ts'
import { createHealthCheck } from './health.ts'
import type { ModelShelf } from './model-shelf.ts'
import { type Caller, problemOf } from './problems.ts'
import { namingOf, pageOf, pagingOf, toApiDocument, toApiDocuments, toApiProject } from './shapes.ts'

export interface CallContext {
  caller: Caller
  /** Sets the cookie of whoever has the token; without one, takes it away. Throws `unauthorized`. */
  identify(token: string | undefined): void
}

export interface RouterDependencies {
  core: Core
  userId: string
  models: ModelShelf
  downloads: Downloads
  hub: EventHub
  session: Session
  /** Passages that a plain question is answered from, where it does not say. */
  topK: number
  /** Fires when the server ends. */
  stopping: AbortSignal
}

const underWay: readonly DocumentState[] = ['queued', 'parsing', 'indexing']
const mostJobs = 200

export function createRouter(deps: RouterDependencies) {
  const { core, userId, models, downloads, hub, session, stopping } = deps
  const { answers } = core
  const database = createHealthCheck(core, userId)
  const os = implement(contract).$context<CallContext>()
  const scopeOf = ({ projectId }: { projectId: string }): Scope => ({ userId, projectId })

  /** To the clients of every server. */
  const announce = (event: AppEvent) => core.announce(event)
  /** Files on this machine: to the clients of this server. */
  const modelsChanged = () => hub.publish({ type: 'models' })

  /** Throws `project-not-found`. */
  async function demandProject(projectId: string) {
    const found = (await core.projects.list(userId)).find(project => project.id === projectId)
    if (!found) throw new AppError('project-not-found', { name: projectId })
    return found
  }

  async function* streamed<Event>(events: () => AsyncIterable<Event>, caller: Caller) {
    try {
      yield* events()
    } catch (error) {
      const problem = problemOf(error, caller)
      throw new ORPCError('PROBLEM', { status: problem.status, message: problem.title, data: problem, cause: error })
    }
  }

  const documents = (verb: 'undo' | 'cancel' | 'retry' | 'pause' | 'resume' | 'delete' | 'get') =>
    os.documents[verb].handler(async ({ input }) =>
      toApiDocument(await core.documents[verb](scopeOf(input), input.documentId)),
    )
  async function find(
    input: { projectId: string; query: string; documents?: string[] | undefined; limit: number },
    signal: AbortSignal | undefined,
  ) {
    await demandProject(input.projectId)
    const { limit, documents: only } = input
    const options = { limit, ...(only && { documents: only }), ...(signal && { signal }) }
    return { passages: await core.search(scopeOf(input), input.query, options) }
  }
  /** Streamed, and so not here: Express has them before the handler. */
  const elsewhere = () => {
    throw new AppError('internal')
  }

  return os.router({
    session: {
      open: os.session.open.handler(({ input, context }) => {
        context.identify(input.token)
        return session
      }),
      get: os.session.get.handler(() => session),
      close: os.session.close.handler(({ context }) => {
        context.identify(undefined)
        return undefined
      }),
    },

    projects: {
      list: os.projects.list.handler(async () => ({ projects: (await core.projects.list(userId)).map(toApiProject) })),
      create: os.projects.create.handler(async ({ input }) => {
        const project = await core.projects.create(userId, input.name)
        announce({ type: 'projects', userId })
        return toApiProject(project)
      }),
      get: os.projects.get.handler(async ({ input }) => toApiProject(await demandProject(input.projectId))),
      update: os.projects.update.handler(async ({ input: { projectId, name, ...policy } }) => {
        const scope = scopeOf({ projectId })
        if (name !== undefined) await core.projects.rename(scope, name)
        const project = await core.projects.govern(scope, given(policy))
        announce({ type: 'projects', userId })
        return toApiProject(project)
      }),
      delete: os.projects.delete.handler(async ({ input }) => {
        await core.projects.delete(scopeOf(input))
        announce({ type: 'projects', userId })
      }),
    },

    documents: {
      list: os.documents.list.handler(async ({ input }) => {
        await demandProject(input.projectId)
        const { order, state, ids, recognizing } = input
        const page = await core.documents.page(scopeOf(input), {
          order,
          ...(state && { states: [state].flat() }),
          ...(recognizing && { recognizing: recognizing === 'yes' }),
          ...(ids && { ids }),
          ...pagingOf(input),
          ...namingOf(input),
        })
        return { ...toApiDocuments(page), states: page.states, recognizing: page.recognizing }
      }),
      trash: os.documents.trash.handler(async ({ input }) => {
        await demandProject(input.projectId)
        const filter = { trashed: true, ...namingOf(input), ...pagingOf(input) }
        return toApiDocuments(await core.documents.page(scopeOf(input), filter))
      }),
      work: os.documents.work.handler(async ({ input }) => {
        await demandProject(input.projectId)
        const trouble = core.trouble()
        return { ...(await core.documents.work(scopeOf(input))), trouble: trouble ? reasonOf(trouble) : null }
      }),
      upload: os.documents.upload.handler(elsewhere),
      original: os.documents.original.handler(elsewhere),
      addText: os.documents.addText.handler(async ({ input }) => {
        const { document, added } = await addText(core, scopeOf(input), input, session.maxFileSize)
        return { document: toApiDocument(document), added }
      }),
      search: os.documents.search.handler(({ input, signal }) => find(input, signal)),
      get: documents('get'),
      files: os.documents.files.handler(({ input }) => core.documents.files(scopeOf(input), input.documentId, input)),
      receipt: os.documents.receipt.handler(async ({ input }) => {
        await core.documents.get(scopeOf(input), input.documentId)
        return { receipt: (await core.documents.receipt(scopeOf(input), input.documentId)) ?? null }
      }),
      segments: os.documents.segments.handler(async ({ input, signal }) => {
        const scope = scopeOf(input)
        const { segments: total } = await core.documents.get(scope, input.documentId)
        const segments = []
        for (let number = input.from; number < input.from + input.limit; number++) {
          signal?.throwIfAborted()
          const segment = await core.documents.segment(scope, input.documentId, number)
          if (!segment) break
          segments.push(segment)
        }
        return { segments, total }
      }),
      segment: os.documents.segment.handler(async ({ input }) => {
        const scope = scopeOf(input)
        await core.documents.get(scope, input.documentId)
        const segment = await core.documents.segment(scope, input.documentId, input.number)
        if (!segment) throw new AppError('segment-not-found', { number: input.number })
        return segment
      }),
      delete: documents('delete'),
      undo: documents('undo'),
      cancel: documents('cancel'),
      retry: documents('retry'),
      pause: documents('pause'),
      resume: documents('resume'),
      pauseAll: os.documents.pauseAll.handler(async ({ input }) => {
        await demandProject(input.projectId)
        return { count: await core.documents.pauseAll(scopeOf(input)) }
      }),
      resumeAll: os.documents.resumeAll.handler(async ({ input }) => {
        await demandProject(input.projectId)
        return { count: await core.documents.resumeAll(scopeOf(input)) }
      }),
      unrecognized: os.documents.unrecognized.handler(async ({ input }) => {
        await demandProject(input.projectId)
        return { count: await core.documents.unrecognized(scopeOf(input)) }
      }),
      recognizeAll: os.documents.recognizeAll.handler(async ({ input }) => {
        await demandProject(input.projectId)
        return { count: await core.documents.recognizeAll(scopeOf(input)) }
      }),
      unlock: os.documents.unlock.handler(async ({ input }) =>
        toApiDocument(await core.documents.unlock(scopeOf(input), input.documentId, input.password)),
      ),
      company: os.documents.company.handler(async ({ input }) => ({
        count: await core.documents.company(scopeOf(input), input.documentId),
      })),
      purge: os.documents.purge.handler(async ({ input }) => {
        await core.documents.purge(scopeOf(input), input.documentId)
        const { projectId, documentId } = input
        announce({ type: 'document', projectId, documentId })
      }),
    },

    search: os.search.handler(({ input, signal }) => find(input, signal)),

    answers: {
      ask: os.answers.ask.handler(async ({ input, signal, context }) => {
        const scope = scopeOf(input)
        const question = demandQuestion(input.question)
        await demandProject(input.projectId)
        const chat =
          input.chatId === undefined
            ? await core.chats.create(scope, { title: titleOf(question), assistantId: input.assistantId ?? null })
            : await core.chats.get(scope, input.chatId)
        const { documents, instructions, language, mode, model, passages, temperature } = input
        const request = await throughAssistant(core, scope, chat, {
          question,
          ...(documents && { documents }),
          ...(instructions !== undefined && { instructions }),
          ...(language && { language }),
          ...(mode && { mode }),
          ...(model !== undefined && { model }),
          ...(passages !== undefined && { passages }),
          ...(temperature !== undefined && { temperature }),
        })
        const asked = { chatId: chat.id, text: question, questionId: null, request }
        return streamed(() => placed(answers.run(scope, asked, signal ?? never)), context.caller)
      }),
      regenerate: os.answers.regenerate.handler(async ({ input, signal, context }) => {
        const scope = scopeOf(input)
        const chat = await core.chats.get(scope, input.chatId)
        const messages = await core.chats.messages(scope, chat.id)
        const { messageId } = input
        const named = messageId === undefined ? messages.length - 1 : messages.findIndex(({ id }) => id === messageId)
        const question = messages.findLast(({ role }, at) => role === 'user' && at <= named)
        if (!question)
          throw messageId ? new AppError('message-not-found', { id: messageId }) : new AppError('question-empty')
        const again = { again: { messageId: question.id } }
        const request = await throughAssistant(core, scope, chat, again)
        const asked = { chatId: chat.id, text: question.text, questionId: question.id, request }
        return streamed(() => placed(answers.run(scope, asked, signal ?? never)), context.caller)
      }),
      follow: os.answers.follow.handler(async ({ input, lastEventId, signal, context }) => {
        const scope = scopeOf(input)
        const events = await answers.follow(scope, input.answerId, signal ?? never, placeBehind(lastEventId))
        return streamed(() => placed(events), context.caller)
      }),
      stop: os.answers.stop.handler(async ({ input }) => ({
        stopped: await answers.stop(scopeOf(input), input.answerId),
      })),
    },

    chats: {
      list: os.chats.list.handler(async ({ input }) => {
        await demandProject(input.projectId)
        const { items, next, total } = pageOf(await core.chats.list(scopeOf(input)), input)
        return { chats: items, next, total }
      }),
      create: os.chats.create.handler(async ({ input }) => {
        const { title, assistantId, model } = input
        const chat = await core.chats.create(scopeOf(input), { title, assistantId, model })
        announce({ type: 'chat', userId, projectId: input.projectId, chatId: chat.id })
        return chat
      }),
      get: os.chats.get.handler(async ({ input }) => {
        const chat = await core.chats.get(scopeOf(input), input.chatId)
        // Asked for first: what ends in between is among the messages.
        const answering = await answers.of(scopeOf(input), chat.id)
        return { chat, messages: await core.chats.messages(scopeOf(input), chat.id), answering }
      }),
      passages: os.chats.passages.handler(({ input }) =>
        core.chats.passages(scopeOf(input), input.chatId, input.messageId),
      ),
      update: os.chats.update.handler(async ({ input }) => {
        const { projectId, chatId, title, assistantId, model } = input
        const chat = await core.chats.update(scopeOf(input), chatId, {
          ...(title !== undefined && { title }),
          ...(assistantId !== undefined && { assistantId }),
          ...(model !== undefined && { model }),
        })
        announce({ type: 'chat', userId, projectId, chatId })
        return chat
      }),
      delete: os.chats.delete.handler(async ({ input }) => {
        const chat = await core.chats.delete(scopeOf(input), input.chatId)
        announce({ type: 'chat', userId, projectId: input.projectId, chatId: chat.id })
        return chat
      }),
      undo: os.chats.undo.handler(async ({ input }) => {
        const chat = await core.chats.undo(scopeOf(input), input.chatId)
        announce({ type: 'chat', userId, projectId: input.projectId, chatId: chat.id })
        return chat
      }),
    },

    assistants: {
      list: os.assistants.list.handler(async ({ input }) => ({
        assistants: await core.assistants.list(scopeOf(input)),
      })),
      create: os.assistants.create.handler(async ({ input: { projectId, ...fields } }) => {
        const assistant = await core.assistants.create(scopeOf({ projectId }), fields)
        announce({ type: 'assistants', projectId })
        return assistant
      }),
      get: os.assistants.get.handler(({ input }) => core.assistants.get(scopeOf(input), input.assistantId)),
      update: os.assistants.update.handler(async ({ input: { projectId, assistantId, ...fields } }) => {
        const assistant = await core.assistants.update(scopeOf({ projectId }), assistantId, fields)
        announce({ type: 'assistants', projectId })
        return assistant
      }),
      delete: os.assistants.delete.handler(async ({ input: { projectId, assistantId } }) => {
        await core.assistants.delete(scopeOf({ projectId }), assistantId)
        announce({ type: 'assistants', projectId })
      }),
    },

    jobs: {
      list: os.jobs.list.handler(async () => {
        const projects = await core.projects.list(userId)
        const filter = { states: underWay, order: 'oldest', limit: mostJobs } as const
        const pages = await Promise.all(
          projects.map(({ id }) => core.documents.page({ userId, projectId: id }, filter)),
        )
        const trouble = core.trouble()
        return {
          documents: pages.flatMap(({ documents }) => documents.map(toApiDocument)).slice(0, mostJobs),
          total: pages.reduce((sum, page) => sum + page.total, 0),
          trouble: trouble ? reasonOf(trouble) : null,
        }
      }),
      dead: os.jobs.dead.handler(async () => ({ jobs: await core.givenUp.list(userId) })),
      retry: os.jobs.retry.handler(async ({ input }) => {
        await core.givenUp.retry(userId, input.jobId)
        return {}
      }),
      retryAll: os.jobs.retryAll.handler(async () => ({ count: await core.givenUp.retryAll(userId) })),
      events: os.jobs.events.handler(({ lastEventId, signal }) => hub.subscribe(lastEventId, signal ?? never)),
    },

    models: {
      list: os.models.list.handler(async ({ input }) => {
        const project = input.projectId === undefined ? undefined : await demandProject(input.projectId)
        const [local, served] = await Promise.all([models.list(), core.servedModels(userId, project)])
        return { models: local, served }
      }),
      add: os.models.add.handler(elsewhere),
      verify: os.models.verify.handler(({ input, signal }) => models.verify(input.name, signal ?? never)),
      use: os.models.use.handler(async ({ input }) => {
        const used = await models.use(input.name)
        modelsChanged()
        return used
      }),
      remove: os.models.remove.handler(async ({ input }) => {
        await models.remove(input.name)
        modelsChanged()
      }),
    },

    providers: {
      list: os.providers.list.handler(async () => ({ providers: await core.providers.list(userId) })),
      add: os.providers.add.handler(async ({ input }) => {
        const { kind, ...fields } = input
        const added = await core.providers.add(userId, { kind, ...given(fields) })
        modelsChanged()
        return added
      }),
      update: os.providers.update.handler(async ({ input: { slug, ...changes } }) => {
        const changed = await core.providers.update(userId, slug, given(changes))
        modelsChanged()
        return changed
      }),
      remove: os.providers.remove.handler(async ({ input }) => {
        await core.providers.remove(userId, input.slug)
        modelsChanged()
      }),
      test: os.providers.test.handler(async ({ input, signal }) => {
        const tested = await core.providers.test(userId, input.slug, signal)
        modelsChanged()
        return tested
      }),
    },

    downloads: {
      list: os.downloads.list.handler(async () => ({ downloads: await downloads.list() })),
      start: os.downloads.start.handler(({ input: { source, sha256, name } }) =>
        downloads.start({ source, ...(sha256 !== undefined && { sha256 }), ...(name !== undefined && { name }) }),
      ),
      pause: os.downloads.pause.handler(({ input }) => downloads.pause(input.name)),
      resume: os.downloads.resume.handler(({ input }) => downloads.resume(input.name)),
      cancel: os.downloads.cancel.handler(async ({ input }) => {
        await downloads.cancel(input.name)
      }),
    },

    generate: {
      text: os.generate.text.handler(async ({ input, signal }) => {
        for await (const event of generate(deps, input, signal ?? never))
          if (event.type === 'finish') return event.generated
        throw new AppError('internal')
      }),
      stream: os.generate.stream.handler(async ({ input, signal, context }) => {
        const events = generate(deps, input, signal ?? never)
        // What is refused is a refusal, not a stream that begins with one.
        const first = await events.next()
        const all = async function* () {
          if (!first.done) yield first.value
          yield* events
        }
        return streamed(all, context.caller)
      }),
    },

    plain: {
      ingest: os.plain.ingest.handler(async ({ input: { title, text, project } }) => {
        const { id: projectId } = await core.projects.find(userId, project ?? undefined)
        const given = { name: title, text, format: 'plain' } as const
        const { id, state } = (await addText(core, scopeOf({ projectId }), given, session.maxFileSize)).document
        return { id, state }
      }),
      chat: os.plain.chat.handler(async ({ input, signal }) => {
        const { chatId, text, mode, citations, reason } = await askPlainly(deps, input, signal ?? never)
        return { session_id: chatId, answer: text, mode, sources: citations, reason }
      }),
    },

    ledger: {
      list: os.ledger.list.handler(async ({ input }) => {
        const { entries, next } = await core.ledger.page(userId, { ...toFilter(input), ...pagingOf(input) })
        return { entries: entries.map(toApiEntry), next }
      }),
      sums: os.ledger.sums.handler(async ({ input }) => ({ sums: await core.ledger.sums(userId, toFilter(input)) })),
      export: os.ledger.export.handler(elsewhere),
    },

    settings: {
      get: os.settings.get.handler(() => core.settings.get(userId)),
      update: os.settings.update.handler(async ({ input }) => {
        const settings = await core.settings.update(userId, input)
        announce({ type: 'settings', userId })
        return settings
      }),
    },

    health: {
      summary: os.health.summary.handler(async () => {
        const trouble = core.trouble() ?? (await database()) ?? core.backupTrouble()
        return {
          state: stopping.aborted ? 'stopping' : trouble ? 'trouble' : 'ok',
          version: session.version,
          uptime: Math.round(process.uptime()),
          trouble: trouble ? reasonOf(trouble) : null,
        }
      }),
      liveness: os.health.liveness.handler(() => ({ state: 'ok' as const })),
      readiness: os.health.readiness.handler(async () => {
        if (stopping.aborted) throw new AppError('server-stopping')
        const problem = await database()
        if (problem) throw problem
        return { state: 'ok' as const }
      }),
    },
  })
}

/** What the call says; what it leaves out stays as it is. */
function given<Fields extends object>(fields: Fields) {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Fields]: Exclude<Fields[Key], undefined>
  }
}

const never = new AbortController().signal

type AnswerEvents = ReturnType<Answers['run']>

/** With the places that a reader may go on behind. */
async function* placed(events: AnswerEvents): AsyncGenerator<StreamedAnswer, void> {
  for await (const { event, number } of events)
    yield number === undefined ? event : withEventMeta({ ...event }, { id: String(number) })
}

/** From the beginning, where the id is none of ours. */
function placeBehind(lastEventId: string | undefined): number {
  return /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) + 1 : 0
}
