/** The one file that sees all folders of the core and no adapter. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Answers, createAnswers } from './answer/answers.ts'
import { type Ask, createAsk, longestQuestion, toPassage } from './answer/ask.ts'
import { createGenerate, type Generate } from './answer/generate.ts'
import { createRecallPassages } from './answer/passages.ts'
import { splitSentences } from './answer/sentences.ts'
import { createSchedule, type ScheduleSettings } from './backup/schedule.ts'
import { type Chats, createChats } from './chats/chats.ts'
import { AppError } from './errors.ts'
import { anyModel, createGateway } from './gateway/index.ts'
import { listServed, type ServedModel } from './gateway/served.ts'
import { createServerModels, type ServerSettings } from './gateway/servers.ts'
import { createSearchTurns } from './gateway/turns.ts'
import { createClearStage } from './ingest/clear.ts'
import { createCollectStage, createDiscard, sweep } from './ingest/collect.ts'
import { createDocuments, type Documents } from './ingest/documents.ts'
import { createEmbedStage, defaultPatience } from './ingest/embed.ts'
import type { Patience } from './ingest/embed-texts.ts'
import { failDocument } from './ingest/fail.ts'
import { type FileLimits, noLimits } from './ingest/file-limits.ts'
import { createGivenUp, type GivenUp } from './ingest/given-up.ts'
import { createIndexStage } from './ingest/index-words.ts'
import { backupJob, checkJob, clearJob, collectJob, documentKeys, jobKinds, sweepJob } from './ingest/jobs.ts'
import { createModelHealth } from './ingest/model-health.ts'
import { createParseStage } from './ingest/parse.ts'
import { createPasswords } from './ingest/passwords.ts'
import { createRecognizeStage, giveUpPage } from './ingest/recognize.ts'
import { createVectorIndexes } from './ingest/vector-indexes.ts'
import { type JobKind, startRunner } from './jobs/runner.ts'
import type { Document, ModelPolicy, Passage, Scope, Settings } from './model/index.ts'
import type { AppEvent, Job, Ports } from './ports.ts'
import { analyze } from './retrieve/analyze.ts'
import { tellLanguage } from './retrieve/language.ts'
import { analyzeQuestion } from './retrieve/question.ts'
import { createSearch, type SearchOptions } from './retrieve/search.ts'
import { openStore, type Tx } from './store/index.ts'
import { type Assistants, createAssistants } from './workspace/assistants.ts'
import { createLedger, type Ledger } from './workspace/ledger.ts'
import { governOutgoing, type OutgoingSettings } from './workspace/outgoing.ts'
import { createProjects, type Projects } from './workspace/projects.ts'
import { type ConfiguredProvider, createProviders, type Providers } from './workspace/providers.ts'

export type { Answers, Asked } from './answer/answers.ts'
export type { Ask, AskRequest } from './answer/ask.ts'
export type { Generate, GenerateRequest } from './answer/generate.ts'
export type { Documents, NewFile } from './ingest/documents.ts'
export type { GivenUp, GivenUpJob } from './ingest/given-up.ts'
export type { SearchMode, SearchOptions } from './retrieve/search.ts'
export type { Assistants, NewAssistant } from './workspace/assistants.ts'
export type { Ledger } from './workspace/ledger.ts'
export type { Projects } from './workspace/projects.ts'
export type { ConfiguredProvider, Providers } from './workspace/providers.ts'

export interface Core {
  projects: Projects
  documents: Documents
  chats: Chats & {
    /**
     * The passages that were shown with an answer, as far as they are still there; and how many are not. Throws
     * `chat-not-found`, `message-not-found`.
     */
    passages(scope: Scope, chatId: string, messageId: string): Promise<{ passages: Passage[]; missing: number }>
  }
  assistants: Assistants
  providers: Providers
  /** All models of the user's providers, and why a project may not use them. */
  servedModels(userId: string, policy?: ModelPolicy): Promise<ServedModel[]>
  ledger: Ledger
  settings: {
    get(userId: string): Promise<Settings>
    /** Only what is given changes. */
    update(userId: string, settings: Partial<Settings>): Promise<Settings>
  }
  ask: Ask
  /** The same for servers, whose answers outlive the connection that asked. */
  answers: Answers
  /** What a chat model writes to a prompt, without documents. */
  generate: Generate
  /** Passages for words or a question, best first. Throws `question-too-long`. */
  search(scope: Scope, words: string, options?: SearchOptions): Promise<Passage[]>
  /** What happens, from now on: also in other processes, where they share the events. */
  watch(signal: AbortSignal): AsyncIterable<AppEvent>
  /** Tells all who watch, of what the core does not tell by itself: chats, assistants, projects, settings. */
  announce(event: AppEvent): void
  /** Why the background work stands still (`disk-full`, `disk-error`, `data-unwritable`, `out-of-memory`, `database-busy`), while it does; it goes on by itself. */
  trouble(): AppError | undefined
  /** Why the last backup that was due did not come about, as far as this process knows. */
  backupTrouble(): AppError | undefined
  /** Resolves when no document of the project has work to do; rejects when the work stands still. */
  settled(scope: Scope, signal?: AbortSignal): Promise<void>
  /**
   * Resolves when every document of the project that can be found by its words can be found by its vectors too; at once
   * where there is no embedding model. Rejects when the work stands still, also with the model's own trouble.
   */
  embedded(scope: Scope, signal?: AbortSignal): Promise<void>
  /** Work that came to nothing. */
  givenUp: GivenUp
  /** Starts the background work; until then nothing is parsed or indexed. */
  start(): void
  /** Ends what runs, in order; the work goes on at the next start. */
  close(): Promise<void>
}

export interface CoreSettings extends OutgoingSettings {
  /** How many documents are parsed at once. */
  parallel: number
  /** Several processes work on the same data, on any machine: what is done from time to time is done by one of them. */
  shared?: boolean
  /** Whether the database is to be checked in the background, and whom to tell when that has been done. */
  check?: { due: boolean; done(): Promise<void> }
  /** Backups from time to time; without, none. */
  backup?: ScheduleSettings
  /** Whether text is recognised in pictures of pages, where the user does not say otherwise; true by default. */
  recognition?: boolean
  /** Milliseconds between two looks whether the embedding model is there, or another one. */
  lookTime?: number
  /** Earlier messages of its chat that a question may refer back to; 10 by default. */
  history?: number
  /** Servers with models that the operator set, and how all servers are treated. */
  providers?: readonly ConfiguredProvider[]
  served?: ServerSettings
  /** Reference of the chat model to use where nothing else is chosen. */
  chatModel?: string
  /** What one user may add; it holds for files inside of others too. Without, all. */
  limits?: FileLimits
  /** How long a model that fails is left alone; for tests. */
  patience?: Patience
}

/** The chance of being wrong in showing something that shares no word with what is asked: one in a hundred. */
const surelyNear = 0.99

/** How often to look what other processes on the same data have done, in milliseconds. */
const otherProcesses = 500
/** Asking for the model loads nothing: it looks at a folder. */
const lookTime = 15_000
const sweepTime = 6 * 60 * 60 * 1000
const checkTime = 24 * 60 * 60 * 1000

export async function createCore(ports: Ports & CoreSettings): Promise<Core> {
  const { blobs, clock, events, log, models, parsers } = ports
  const store = await openStore(ports)
  // Of one that is gone nothing is known.
  const isLocalOnly = async (scope: Scope) => (await store.projects.get(scope))?.localOnly !== false
  const outgoing = await governOutgoing({ ...ports, egress: ports.egress, store, isLocalOnly })
  const queue = ports.createQueue(run => store.transaction('internal', tx => run(store.executor(tx))))
  let runner: ReturnType<typeof startRunner> | undefined
  let sweeper: ReturnType<typeof setInterval> | undefined

  /** Why the background work stands still, while it does. */
  let trouble: AppError | undefined
  let checker: ReturnType<typeof setInterval> | undefined
  const schedule = ports.backup && createSchedule({ database: ports.database, blobs, clock }, ports.backup, log)
  const backups = { stop: new AbortController(), running: Promise.resolve(), timer: undefined as typeof checker }

  /** Never in anybody's way: on a connection of its own. What it finds goes to the log; `doctor` tells the user. */
  async function check(): Promise<void> {
    try {
      const problems = await ports.database.check(false)
      if (problems.length > 0) log.error('the database is damaged', { problems: problems.slice(0, 20) })
      await ports.check?.done()
    } catch (error) {
      log.warn('the check of the database did not end', { error })
    }
  }

  const changed = (document: Document) =>
    events.publish({ type: 'document', projectId: document.projectId, documentId: document.id })
  const wake = () => runner?.wake()
  const interrupt = (keys: readonly string[]) => runner?.interrupt(keys)

  /** Looks again whenever something happens to a document. */
  async function until(signal: AbortSignal | undefined, reached: () => Promise<boolean>): Promise<void> {
    const control = new AbortController()
    const watching = signal ? AbortSignal.any([signal, control.signal]) : control.signal
    const changes = events.subscribe(watching)[Symbol.asyncIterator]()
    // Asked for before looking, so that no change falls in between.
    let change = changes.next()
    try {
      for (;;) {
        signal?.throwIfAborted()
        if (await reached()) return
        // Another process may be doing the work: its changes are not heard here.
        const heard = await Promise.race([change, pause(otherProcesses, undefined, { ref: false })])
        if (heard) change = changes.next()
      }
    } finally {
      control.abort()
    }
  }

  const discard = createDiscard({ store, blobs, queue, log })

  const limits = ports.limits ?? noLimits
  const passwords = createPasswords(ports.shared ? { events } : {})
  const documents = createDocuments({
    store,
    blobs,
    parsers,
    queue,
    clock,
    log,
    limits,
    passwords,
    changed,
    wake,
    interrupt,
    discard,
  })
  const projects = createProjects({
    store,
    async release(tx, gone) {
      const keys = gone.flatMap(document => [...documentKeys(document.id), clearJob(document.id).key])
      await queue.cancel(store.executor(tx), keys)
      for (const { blob } of gone) await queue.enqueue(store.executor(tx), collectJob(blob))
    },
    async released(gone) {
      interrupt(gone.flatMap(document => documentKeys(document.id)))
      for (const { blob } of gone) await discard(blob)
    },
  })
  const providers = createProviders({
    store,
    clock,
    log,
    secrets: ports.secrets,
    servers: ports.servers,
    egress: ports.egress,
    ...(ports.providers && { configured: ports.providers }),
  })
  const gateway = createGateway({
    models,
    log,
    ...(ports.servers && {
      servers: createServerModels({ providers, servers: ports.servers, settings: ports.served ?? {} }),
    }),
    policyOf: async scope => (await store.projects.get(scope)) ?? { ...anyModel, localOnly: true },
    ...(ports.chatModel !== undefined && { chatModel: ports.chatModel }),
  })
  const search = createSearch({
    store,
    log,
    inTurn: createSearchTurns(),
    embedQuestion: gateway.embedQuestion,
    reranker: async () => ((await gateway.reranks()) ? gateway.rerank : undefined),
  })
  const recallPassages = createRecallPassages(store)
  const ask = createAsk({ store, search, gateway, ...(ports.history !== undefined && { history: ports.history }) })
  const answers = createAnswers({
    store,
    ask,
    recall: recallPassages,
    changed: ({ userId, projectId }, chatId) => events.publish({ type: 'chat', userId, projectId, chatId }),
    clock,
    ids: ports.ids,
    log,
    ...(ports.shared && { events }),
  })
  const health = createModelHealth({ clock, pause: (ports.patience ?? defaultPatience).pause })
  const vectorIndexes = createVectorIndexes({ store, queue, clock, log, health, embedding: gateway.embedding, wake })
  const recognizes = async ({ userId }: Scope) =>
    ports.recognition !== false && (await store.settings.get(userId)).recognition === 'on'
  let looker: ReturnType<typeof setInterval> | undefined

  function start(): void {
    if (runner) return
    const access = async (job: Job) => (await store.documents.find(String(job.payload.documentId)))?.scope
    const fail = async (tx: Tx, job: Job) => {
      const found = await store.documents.find(String(job.payload.documentId), tx)
      if (found) await failDocument(tx, { store, queue }, found.document, { code: 'internal' })
    }
    runner = startRunner({
      queue,
      clock,
      log,
      store,
      troubled(error) {
        trouble = error
      },
      kinds: [
        {
          kind: jobKinds.parse,
          // One more than there are processes: the next file waits at the door while the last one is being committed.
          concurrency: ports.parallel + 1,
          leadsTo: [jobKinds.index],
          run: createParseStage({
            store,
            blobs,
            parsers,
            queue,
            clock,
            log,
            changed,
            wake,
            scratch: ports.scratch,
            limits,
            passwords,
          }),
          access,
          dead: fail,
        },
        {
          kind: jobKinds.index,
          // They take turns chunk by chunk, so that a short document passes long ones.
          concurrency: 3,
          leadsTo: [jobKinds.embed, jobKinds.recognize, jobKinds.index],
          run: createIndexStage({
            store,
            queue,
            changed,
            linguistics,
            embedding: () => gateway.embedding().catch(() => undefined),
            recognizes,
            ready: vectorIndexes.ready,
          }),
          access,
          dead: fail,
        },
        {
          kind: jobKinds.recognize,
          concurrency: 1,
          run: createRecognizeStage({ store, blobs, parsers, passwords, queue, log, changed, recognizes }),
          access,
          async dead(tx, job) {
            const found = await store.documents.find(String(job.payload.documentId), tx)
            if (found) await giveUpPage(tx, { store, queue }, found)
          },
        },
        {
          kind: jobKinds.embed,
          // So that a short document does not wait behind a long one.
          concurrency: 2,
          run: createEmbedStage({
            store,
            queue,
            clock,
            log,
            changed,
            health,
            targets: vectorIndexes.targets,
            putOff: vectorIndexes.putOff,
            allows: gateway.mayEmbed,
            done: () => void vectorIndexes.tend(),
            ...(ports.patience && { patience: ports.patience }),
          }),
          access,
          dead: vectorIndexes.gaveUp,
        },
        {
          kind: jobKinds.clear,
          concurrency: 1,
          run: createClearStage({ store, queue }),
          // The next sweep enqueues it again.
          dead: async () => {},
        },
        {
          kind: jobKinds.collect,
          concurrency: 1,
          run: createCollectStage({ store, blobs, queue }),
          dead: async () => {},
        },
        recurring(jobKinds.sweep, tidy),
        recurring(jobKinds.check, check),
        ...(schedule ? [recurring(jobKinds.backup, signal => schedule.look(signal))] : []),
      ],
    })
    void vectorIndexes.start()
    looker = setInterval(() => void vectorIndexes.tend(), ports.lookTime ?? lookTime)
    looker.unref()
    if (ports.shared) {
      void store
        .transaction('internal', async tx => {
          await queue.enqueue(store.executor(tx), sweepJob(sweepTime))
          await queue.enqueue(store.executor(tx), checkJob(checkTime))
          if (schedule) await queue.enqueue(store.executor(tx), backupJob(schedule.lookTime))
        })
        .catch(error => log.error('what comes again was not enqueued', { error }))
      return
    }
    sweeper = setInterval(tidy, sweepTime)
    sweeper.unref()
    void tidy()
    checker = setInterval(check, checkTime)
    checker.unref()
    if (ports.check?.due) void check()
    if (!schedule) return
    const look = () => {
      backups.running = backups.running.then(() => schedule.look(backups.stop.signal)).catch(() => {})
    }
    backups.timer = setInterval(look, schedule.lookTime)
    backups.timer.unref()
    look()
  }

  async function tidy(): Promise<void> {
    await sweep({ store, blobs, queue, clock, documents }).catch(error => log.error('sweep failed', { error }))
    await outgoing.tidy().catch(error => log.error('the ledger was not swept', { error }))
  }

  /** Does its work once, and is due again after its time. */
  function recurring(kind: string, work: (signal: AbortSignal) => Promise<void>): JobKind {
    return {
      kind,
      concurrency: 1,
      leadsTo: [jobKinds.clear, jobKinds.collect],
      async run(job, signal) {
        await work(signal)
        await store.transaction('internal', tx => queue.settle(store.executor(tx), job, { state: 'done' }))
      },
      dead: async () => {},
    }
  }

  return {
    projects,
    documents,
    chats: {
      ...createChats({ store, clock }),
      async passages(scope, chatId, messageId) {
        if (!(await store.chats.get(scope, chatId))) throw new AppError('chat-not-found', { id: chatId })
        const kept = await store.chats.passages(scope, chatId, messageId)
        if (!kept) throw new AppError('message-not-found', { id: messageId })
        const passages = await recallPassages(scope, kept)
        return { passages, missing: kept.length - passages.length }
      },
    },
    assistants: createAssistants({ store }),
    providers,
    servedModels: async (userId, policy = anyModel) =>
      listServed(await providers.list(userId), policy, {
        ...ports.served,
        chatModel: ports.chatModel,
        offline: ports.offline,
      }),
    ledger: createLedger(store.ledger),
    settings: {
      get: userId => store.settings.get(userId),
      async update(userId, settings) {
        await store.transaction({ userId }, tx => store.settings.update(tx, userId, settings))
        return store.settings.get(userId)
      },
    },
    ask,
    answers,
    generate: createGenerate({ gateway }),
    async search(scope, words, options) {
      if (words.length > longestQuestion) throw new AppError('question-too-long', { max: longestQuestion })
      const { hits, nearness } = await search.find(scope, analyzeQuestion(words.normalize('NFC')), options)
      // Something is always nearest. Who asked for vectors alone wants to see it.
      const byWords = options?.mode === 'vectors' || hits.some(({ score }) => score > 0)
      return byWords || nearness === undefined || nearness >= surelyNear ? hits.map(toPassage) : []
    },
    trouble: () => trouble,
    backupTrouble: () => schedule?.trouble(),
    watch: signal => events.subscribe(signal),
    announce: event => events.publish(event),
    settled: (scope, signal) =>
      until(signal, async () => {
        if (!(await store.documents.hasWork(scope))) return true
        if (trouble) throw trouble
        return false
      }),
    embedded: (scope, signal) =>
      until(signal, async () => {
        if (!store.vectors.available || !(await gateway.embedding())) return true
        const pending = await store.vectors.pending(scope)
        if ((await store.documents.hasWork(scope)) || pending.documents > pending.resting) {
          const reason = trouble ?? vectorIndexes.trouble()
          if (reason) throw reason
          return false
        }
        if (pending.resting > 0) throw new AppError('model-unavailable')
        // The index may just have been made, or wait for its place.
        await vectorIndexes.tend()
        if ((await store.vectors.pending(scope)).documents > 0) return false
        if ((await store.vectors.building()) === undefined && (await store.vectors.active())) return true
        const problem = vectorIndexes.trouble()
        if (problem) throw problem
        return false
      }),
    givenUp: createGivenUp({ store, queue, documents, wake }),
    start,
    async close() {
      clearInterval(sweeper)
      clearInterval(checker)
      clearInterval(looker)
      clearInterval(backups.timer)
      backups.stop.abort()
      await runner?.stop()
      await backups.running
      passwords.close()
      await vectorIndexes.stop()
      await answers.close()
      await parsers.close()
      await models.close()
      await outgoing.close()
      await store.close()
      await ports.database.close()
    },
  }
}

const linguistics = {
  tellLanguage,
  splitSentences,
  terms: (text: string, language: Parameters<typeof analyze>[1]) => analyze(text, language).map(token => token.term),
}
