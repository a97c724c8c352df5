/** The one file that sees all folders of the core and no adapter. */
import { setTimeout as pause } from 'node:timers/promises'
import { type Answers, createAnswers } from './answer/answers.ts'
import { type Ask, createAsk, longestQuestion, toPassage } from './answer/ask.ts'
import { type Complete, createComplete } from './answer/complete.ts'
import { createEmbed, type Embed } from './answer/embed.ts'
import { createGenerate, type Generate } from './answer/generate.ts'
import { createRecallPassages } from './answer/passages.ts'
import { splitSentences } from './answer/sentences.ts'
import { createSchedule, type ScheduleSettings } from './backup/schedule.ts'
import { type Chats, createChats } from './chats/chats.ts'
import { createKeeping, type LeftChats, type Retention } from './chats/retention.ts'
import { AppError } from './errors.ts'
import { createFolders, type Folders } from './folders/folders.ts'
import type { FollowTimes } from './folders/follow.ts'
import { countCalls, type ModelCalls } from './gateway/counted.ts'
import { createForgetting } from './gateway/forgetting.ts'
import { anyModel, createGateway } from './gateway/index.ts'
import { createMemo } from './gateway/memo.ts'
import { rememberVectors } from './gateway/remembered-vectors.ts'
import { listServed, type ServedModel } from './gateway/served.ts'
import { createServerModels, type ServerSettings } from './gateway/servers.ts'
import { createSearchTurns } from './gateway/turns.ts'
import { createClearStage } from './ingest/clear.ts'
import { createCollectStage, createDiscard, sweep } from './ingest/collect.ts'
import { createDocuments, type Documents } from './ingest/documents.ts'
import { createEmbedStage, defaultPatience } from './ingest/embed.ts'
import type { Patience } from './ingest/embed-texts.ts'
import { failDocument } from './ingest/fail.ts'
import { type FileLimits, limitsFor, noLimits } from './ingest/file-limits.ts'
import { createGivenUp, type GivenUp } from './ingest/given-up.ts'
import { createIndexStage } from './ingest/index-words.ts'
import { backupJob, checkJob, clearJob, collectJob, documentKeys, jobKinds, sweepJob } from './ingest/jobs.ts'
import { createModelHealth } from './ingest/model-health.ts'
import { createParseStage } from './ingest/parse.ts'
import { createPasswords } from './ingest/passwords.ts'
import { createRecognizeStage, giveUpPage } from './ingest/recognize.ts'
import { createVectorIndexes } from './ingest/vector-indexes.ts'
import { type JobKind, startRunner } from './jobs/runner.ts'
import type { BackupTrouble, Document, Erased, ModelPolicy, Passage, Scope, Settings, Time } from './model/index.ts'
import { authorOf } from './model/project.ts'
import { splitReference } from './model/provider.ts'
import type { AppEvent, CacheCounts, Job, Ports } from './ports.ts'
import { analyze } from './retrieve/analyze.ts'
import { tellLanguage } from './retrieve/language.ts'
import { analyzeQuestion } from './retrieve/question.ts'
import { createSearch, type SearchOptions } from './retrieve/search.ts'
import { adoptRows } from './store/adopt.ts'
import { nobody } from './store/erasure.ts'
import { openStore, type Tx, type VectorIndex } from './store/index.ts'
import { type Administration, createAdministration } from './workspace/administration.ts'
import { type Assistants, createAssistants } from './workspace/assistants.ts'
import { type Audit, createAudit } from './workspace/audit.ts'
import { createInvitations, type Invitations } from './workspace/invitations.ts'
import { createLedger, type Ledger } from './workspace/ledger.ts'
import { createMails, type MailSettings, type Mails } from './workspace/mails.ts'
import { createMembers, type Members } from './workspace/members.ts'
import { governOutgoing, type OutgoingSettings } from './workspace/outgoing.ts'
import { createProjects, localUser, type Projects } from './workspace/projects.ts'
import { type ConfiguredProvider, createProviders, type Providers } from './workspace/providers.ts'
import { createQuotas, type Quotas } from './workspace/quotas.ts'
import { createStillMember } from './workspace/still-member.ts'

export type { Answers, Asked } from './answer/answers.ts'
export type { Ask, AskRequest } from './answer/ask.ts'
export type { Complete, Completion, CompletionEvent, CompletionRequest } from './answer/complete.ts'
export type { Embed } from './answer/embed.ts'
export type { Generate, GenerateRequest } from './answer/generate.ts'
export type { Folders } from './folders/folders.ts'
export type { Documents, NewFile } from './ingest/documents.ts'
export type { GivenUp, GivenUpJob } from './ingest/given-up.ts'
export type { SearchMode, SearchOptions } from './retrieve/search.ts'
export type { Administration } from './workspace/administration.ts'
export type { Assistants, NewAssistant } from './workspace/assistants.ts'
export type { Audit } from './workspace/audit.ts'
export type { Invitations } from './workspace/invitations.ts'
export type { Ledger } from './workspace/ledger.ts'
export type { MailSettings, Mails } from './workspace/mails.ts'
export type { Deed, MemberRole, Members, Need } from './workspace/members.ts'
export type { Projects } from './workspace/projects.ts'
export type { ConfiguredProvider, Providers } from './workspace/providers.ts'
export type { Quotas } from './workspace/quotas.ts'

export interface Core {
  /**
   * On whose behalf whoever has the machine in hand acts: the first owner, where there are accounts, else local mode's user.
   */
  operator(): Promise<string>
  projects: Projects
  members: Members
  invitations: Invitations
  quotas: Quotas
  audit: Audit
  administration: Administration
  documents: Documents
  /** Followed from `folders.start` on, by one process. */
  folders: Folders
  chats: Chats & {
    /**
     * The passages that were shown with an answer, as far as they are still there; and how many are not. Throws
     * `chat-not-found`, `message-not-found`.
     */
    passages(scope: Scope, chatId: string, messageId: string): Promise<{ passages: Passage[]; missing: number }>
    left: LeftChats
  }
  assistants: Assistants
  providers: Providers
  /** All models of the user's providers, and why a project may not use them. */
  servedModels(userId: string, policy?: ModelPolicy): Promise<ServedModel[]>
  ledger: Ledger
  mails: Mails
  settings: {
    get(userId: string): Promise<Settings>
    /** Only what is given changes. */
    update(userId: string, settings: Partial<Settings>): Promise<Settings>
  }
  /**
   * Gives everything that one user has to the one that `within` makes, whose id it says; all in one transaction, which may run again.
   */
  adopt(from: string, within: (tx: Tx) => Promise<string>): Promise<void>
  /**
   * Removes a user and all that is theirs, for good, projects first; `within` runs with the last of it, in one transaction, which may
   * run again. What broke off goes on when it is called again. `actorId`: who wants it.
   */
  erase(
    userId: string,
    actorId: string,
    within: (tx: Tx) => Promise<void>,
  ): Promise<{ at: Time; removed: Erased; backupsUntil: Time | null }>
  /** Days that chats, and what was deleted, are kept at most. */
  keeps: Retention
  ask: Ask
  /** The same for servers, whose answers outlive the connection that asked. */
  answers: Answers
  /** What a chat model writes to a prompt, without documents. */
  generate: Generate
  /** The same for whole conversations, tools and JSON. */
  complete: Complete
  /** Vectors of texts that are none of a project's. */
  embed: Embed
  /** Passages for words or a question, best first. Throws `question-too-long`. */
  search(scope: Scope, words: string, options?: SearchOptions): Promise<Passage[]>
  /** What happens, from now on: also in other processes, where they share the events. */
  watch(signal: AbortSignal): AsyncIterable<AppEvent>
  /** Tells all who watch, of what the core does not tell by itself: chats, assistants, projects, settings. */
  announce(event: AppEvent): void
  /** Why the background work stands still (`disk-full`, `disk-error`, `data-unwritable`, `out-of-memory`, `database-busy`), while it does; it goes on by itself. */
  trouble(): AppError | undefined
  /** Asks the database for next to nothing; throws what keeps it from answering. */
  reach(): Promise<void>
  /** Why the last backup that was due did not come about, whichever process was to make it. */
  backupTrouble(): Promise<BackupTrouble | undefined>
  /** Resolves when no document of the project has work to do; rejects when the work stands still. */
  settled(scope: Scope, signal?: AbortSignal): Promise<void>
  /**
   * Resolves when every document of the project that can be found by its words can be found by its vectors too; at once
   * where there is no embedding model. Rejects when the work stands still, also with the model's own trouble.
   */
  embedded(scope: Scope, signal?: AbortSignal): Promise<void>
  /** Why a project is searched by words alone though there are vectors: it gives their model no text (`search-by-words`). */
  byWords(scope: Scope): Promise<AppError | undefined>
  /**
   * The index of vectors that is searched and the one that is built beside it: their models, and the share of the project's
   * passages that is in each. `trouble`: why no vectors are made, while there should be; also what `byWords` says.
   */
  vectorIndexes(scope: Scope): Promise<{
    searched: { model: string; fingerprint: string; share: number } | null
    building: { model: string; fingerprint: string; share: number } | null
    trouble: AppError | undefined
  }>
  /** Work that came to nothing. */
  givenUp: GivenUp
  /** How often models were asked by this process, and what its caches gave. */
  modelCalls(): ModelCalls[]
  caches(): { name: string; counts: CacheCounts }[]
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
  /** How mails are sent; without, none are. */
  mail?: MailSettings
  /** Backups from time to time; without, none. */
  backup?: ScheduleSettings
  /** What is known of them where another process makes them. */
  backupsMade?: Pick<ScheduleSettings, 'every' | 'keep'>
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
  /** Milliseconds that reranking may add to a search. */
  rerankBudget?: number
  /** What one user may add; it holds for files inside of others too. Without, all. Where it says of bytes, what users use is counted. */
  limits?: FileLimits
  /** Questions of one user a day; null: no limit. */
  questionsADay?: number | null
  /** Days that chats, and what was deleted, are kept at most; for ever and 30 where it is not said. */
  keeps?: Retention
  /** Milliseconds for which is kept, with a cache: what a search found, a question's vector, and, where it is not 0, whole answers. */
  remember?: { searches: number; vectors: number; answers: number }
  /** How often followed folders are looked at; for tests. */
  followTimes?: FollowTimes
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
  const schedule =
    ports.backup && createSchedule({ database: ports.database, blobs, clock }, ports.backup, store.backupTrouble, log)
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
  const audit = createAudit({ store, clock })
  const quotas = createQuotas({
    store,
    clock,
    log,
    note: audit.note,
    defaults(userId) {
      const { files, bytes } = limitsFor(limits, userId)
      return bytes === undefined ? undefined : { files, bytes, questions: ports.questionsADay ?? null }
    },
  })
  const members = createMembers({ store, clock, note: audit.note, announce: event => events.publish(event) })
  const invitations = createInvitations({ store, members, note: audit.note })
  const stillMember = createStillMember({ members, log })
  const { cache } = ports
  const forgetting = createForgetting({ cache, announce: event => events.publish(event) })
  const closing = new AbortController()
  void listen()
  async function listen(): Promise<void> {
    for await (const event of events.subscribe(closing.signal)) {
      members.hear(event)
      forgetting.hear(event)
      stillMember.hear(event)
    }
  }
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
    added: ({ userId }, { size }) => quotas.added(userId, size),
    wake,
    interrupt,
    discard,
    purged: ({ projectId }) => forgetting.forget(projectId),
  })
  const folders = createFolders({
    store,
    documents,
    watch: ports.folderWatch,
    events,
    mediaType: name => parsers.mediaType(name),
    clock,
    log,
    limitOf: userId => limitsFor(limits, userId).fileSize,
    times: ports.followTimes,
    announce: event => events.publish(event),
  })
  const keeps = ports.keeps ?? { chats: null, trash: 30 }
  const keeping = createKeeping({
    store,
    clock,
    log,
    announce: event => events.publish(event),
    forget: forgetting.forget,
    most: keeps,
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
    heard: userId => events.publish({ type: 'models', userId }),
  })
  const { gateway, calls } = countCalls(
    createGateway({
      models,
      log,
      ...(ports.servers && {
        servers: createServerModels({ providers, servers: ports.servers, settings: ports.served ?? {} }),
      }),
      policyOf: async scope => (await store.projects.get(scope)) ?? { ...anyModel, localOnly: true },
      ...(ports.chatModel !== undefined && { chatModel: ports.chatModel }),
      ...(ports.rerankBudget !== undefined && { rerankBudget: ports.rerankBudget }),
    }),
    (asker, tokens) => quotas.spent(authorOf(asker), tokens),
  )
  const { remember = { searches: 0, vectors: 0, answers: 0 } } = ports
  const memoOf = (name: keyof typeof remember) => createMemo(cache, name, remember[name], forgetting)
  const memos = { searches: memoOf('searches'), vectors: memoOf('vectors'), answers: memoOf('answers') }
  async function byWords(scope: Scope): Promise<AppError | undefined> {
    const [active, building] = await Promise.all([store.vectors.active(), store.vectors.building()])
    const index = active ?? building
    if (!index || (await gateway.mayEmbed(scope, index.fingerprint))) return undefined
    return new AppError('search-by-words', { name: splitReference(index.name)?.slug ?? index.name })
  }
  const search = createSearch({
    store,
    log,
    inTurn: createSearchTurns(),
    embedQuestion: memos.vectors ? rememberVectors(gateway, memos.vectors) : gateway.embedQuestion,
    ...(memos.searches && { memo: memos.searches }),
    reranker: async () => ((await gateway.reranks()) ? gateway.rerank : undefined),
  })
  const recallPassages = createRecallPassages(store)
  const answer = createAsk({
    store,
    search,
    gateway,
    ...(memos.answers && { memo: memos.answers }),
    ...(ports.history !== undefined && { history: ports.history }),
  })
  /** Each question counts, wherever it is asked. */
  const ask: typeof answer = async function* (scope, request, signal, witness) {
    const lasting = stillMember.begin(scope, signal)
    try {
      yield* quotas.counted(authorOf(scope), answer(scope, request, lasting.signal, witness), lasting.signal)
    } catch (error) {
      throw lasting.ended() ?? error
    } finally {
      lasting.done()
    }
  }
  const completeAny = createComplete({ gateway })
  /** A prompt is a question too. */
  const complete: Complete = (user, request, signal) =>
    quotas.counted(user.userId, completeAny(user, request, signal), signal)
  const answers = createAnswers({
    store,
    ask,
    recall: recallPassages,
    changed: (scope, chatId) =>
      events.publish({ type: 'chat', userId: authorOf(scope), projectId: scope.projectId, chatId }),
    clock,
    ids: ports.ids,
    log,
    ...(ports.shared && { events }),
  })
  const { run: runMail, ...mails } = createMails({
    kind: jobKinds.mail,
    settings: ports.mail,
    queue,
    store,
    clock,
    ids: ports.ids,
    log,
    wake,
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
            sizes: () => gateway.textSizes().catch(() => undefined),
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
        ...(runMail ? [{ kind: jobKinds.mail, concurrency: 3, leadsTo: [], run: runMail, dead: async () => {} }] : []),
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
    await keeping
      .trashedDocuments()
      .then(trashed => sweep({ store, blobs, queue, clock, log, documents, trashed }))
      .catch(error => log.error('sweep failed', { error }))
    await keeping.tidy().catch(error => log.error('chats whose time is over are left', { error }))
    await outgoing.tidy().catch(error => log.error('the ledger was not swept', { error }))
    await quotas.tidy().catch(error => log.error('what was used was not swept', { error }))
    await audit.tidy().catch(error => log.error('the audit log was not swept', { error }))
    await invitations.tidy().catch(error => log.error('old invitations were not swept', { error }))
    await members.tidy().catch(error => log.error('parts in projects were not taken back', { error }))
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
    projects: {
      ...projects,
      async delete(scope) {
        await projects.delete(scope)
        await folders.forget(scope.projectId)
        members.hear({ type: 'members', projectId: scope.projectId })
        await forgetting.forget(scope.projectId)
      },
    },
    operator: async () => (await store.users.firstOwner()) ?? localUser,
    members,
    invitations,
    quotas,
    audit,
    administration: createAdministration({ store, members, clock }),
    documents,
    folders,
    chats: {
      ...createChats({ store, clock, ids: ports.ids }),
      async passages(scope, chatId, messageId) {
        if (!(await store.chats.get(scope, chatId))) throw new AppError('chat-not-found', { id: chatId })
        const kept = await store.chats.passages(scope, chatId, messageId)
        if (!kept) throw new AppError('message-not-found', { id: messageId })
        const passages = await recallPassages(scope, kept)
        return { passages, missing: kept.length - passages.length }
      },
      left: keeping.left,
    },
    assistants: createAssistants({ store }),
    providers,
    servedModels: async (userId, policy = anyModel) =>
      listServed(await (policy.localOnly ? providers.known(userId) : providers.list(userId)), policy, {
        chatModel: ports.chatModel && (await providers.referenceOf(userId, ports.chatModel)),
        embeddingModel:
          ports.served?.embeddingModel && (await providers.referenceOf(userId, ports.served.embeddingModel)),
        offline: ports.offline,
      }),
    ledger: createLedger(store.ledger),
    mails,
    settings: {
      get: userId => store.settings.get(userId),
      async update(userId, settings) {
        await store.users.begin(userId)
        await store.transaction({ userId }, tx => store.settings.update(tx, userId, settings))
        return store.settings.get(userId)
      },
    },
    adopt: (from, within) =>
      store.transaction('internal', async tx => {
        const to = await within(tx)
        // Sealing asks nothing but the processor and a file of ours.
        await adoptRows(tx, from, to, await providers.resealed(from, to))
      }),
    async erase(userId, actorId, within) {
      const removed = await store.transaction('internal', tx => store.erasure.count(tx, userId))
      for (const projectId of await projects.deleteAll(userId)) {
        members.hear({ type: 'members', projectId })
        await forgetting.forget(projectId)
      }
      await keeping.purgeAll(userId)
      const elsewhere = await store.members.projects(userId)
      // What they asked there without a chat may be remembered too.
      for (const { id } of elsewhere) await forgetting.forget(id)
      await store.transaction('internal', async tx => {
        await within(tx)
        await store.erasure.erase(tx, userId)
        const actor = actorId === userId ? nobody : actorId
        await store.audit.write({ actorId: actor, ownerId: null, action: 'account.delete' }, tx)
      })
      for (const { id: projectId } of elsewhere) {
        members.hear({ type: 'members', projectId })
        events.publish({ type: 'members', projectId })
      }
      const at = clock.now()
      const made = ports.backupsMade ?? ports.backup
      return { at, removed, backupsUntil: made ? at + made.every * made.keep : null }
    },
    keeps,
    ask,
    answers,
    generate: createGenerate({ complete }),
    complete,
    embed: createEmbed({ gateway }),
    async search(scope, words, options) {
      if (words.length > longestQuestion) throw new AppError('question-too-long', { max: longestQuestion })
      const { hits, nearness } = await search.find(scope, analyzeQuestion(words.normalize('NFC')), options)
      // Something is always nearest. Who asked for vectors alone wants to see it.
      const byWords = options?.mode === 'vectors' || hits.some(({ score }) => score > 0)
      return byWords || nearness === undefined || nearness >= surelyNear ? hits.map(toPassage) : []
    },
    trouble: () => trouble,
    backupTrouble: async () => (schedule ? schedule.trouble() : store.backupTrouble.get()),
    reach: async () => void (await store.members.audience('')),
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
        if (!store.vectors.available || !(await gateway.embedding(undefined, signal))) return true
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
    byWords,
    async vectorIndexes(scope) {
      const shown = async (index: VectorIndex | undefined) => {
        if (!index) return null
        const { name: model, fingerprint } = index
        return { model, fingerprint, share: await store.vectors.coverage(scope, index) }
      }
      const [searched, building] = await Promise.all([store.vectors.active(), store.vectors.building()])
      return {
        searched: await shown(searched),
        building: await shown(building),
        trouble: building || searched ? ((await byWords(scope)) ?? vectorIndexes.trouble()) : undefined,
      }
    },
    givenUp: createGivenUp({ store, queue, documents, wake }),
    modelCalls: calls,
    caches: () => Object.values(memos).flatMap(memo => (memo ? [{ name: memo.name, counts: memo.counts() }] : [])),
    start,
    async close() {
      clearInterval(sweeper)
      clearInterval(checker)
      clearInterval(looker)
      clearInterval(backups.timer)
      backups.stop.abort()
      closing.abort()
      stillMember.close()
      await folders.close()
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
