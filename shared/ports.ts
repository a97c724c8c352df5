/**
 * What the core needs from outside. A port has one to five verbs; its contract suite lies beside its adapters and runs
 * over each of them. Absence is `undefined`, not an error; whatever takes time takes an `AbortSignal`.
 */
import type { Socket } from 'node:net'
import type { EmbeddingModelV4, LanguageModelV4 } from '@ai-sdk/provider'
import type { Dialect } from 'kysely'
import type {
  AppEvent,
  ChatModel,
  DeadJob,
  EgressPurpose,
  EmbeddingModel,
  FailureReason,
  FolderEntry,
  FolderIdentity,
  Job,
  JobOutcome,
  LedgerEntry,
  NewJob,
  ParseEvent,
  ParseRequest,
  ProviderKind,
  RecognizeRequest,
  RerankingModel,
  Segment,
  ServerModel,
  Time,
} from './model/index.ts'

export type {
  AppEvent,
  DeadJob,
  Job,
  JobOutcome,
  NewJob,
  ParseEvent,
  ParseRequest,
  RecognizeRequest,
  Time,
} from './model/index.ts'

export interface Clock {
  now(): Time
}

export interface Ids {
  /** A new UUIDv7. */
  next(): string
}

/** Structured log; `fields` never hold document text, questions or secrets. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void
  info(message: string, fields?: Record<string, unknown>): void
  warn(message: string, fields?: Record<string, unknown>): void
  error(message: string, fields?: Record<string, unknown>): void
}

/**
 * On whose behalf the database is asked: a user, where something of one project is touched with that project (and with who asks there,
 * where that is another: see `Scope`), or the installation itself (migrations, the queue, sweeps, the indexes of vectors).
 */
export type Access = { userId: string; projectId?: string; memberId?: string } | 'internal'

/**
 * One database, opened. Statements run off the main thread.
 *
 * An engine for many users lets a statement see and change nothing but what its access names, and lets those that write
 * with the same one (the project's, else the user's) run one after the other; those of `internal` wait for nobody. SQLite
 * ignores the access: one user, one writer.
 */
export interface Database {
  readonly engine: 'sqlite' | 'postgres'
  /** Whether it can keep and compare vectors here; without, the search goes by words alone. */
  readonly vectors: boolean
  /** What writes. Asked again with the same access it may give the same dialect, and whoever asks keeps it no longer than needed. */
  writer(access: Access): Dialect
  /**
   * What writes single statements that nobody waits for a disk with: done is what outlives this process, whatever ends it. A loss
   * of power it outlives as soon as anything was written through a writer after it, and never less than that.
   */
  hastyWriter(access: Access): Dialect
  /** What only reads (a write through it is refused) and sees committed data. */
  reader(access: Access): Dialect
  /** A consistent copy of the whole database as one new file; fails if the file exists. Absent where there is no such thing. */
  snapshot?(file: string): Promise<void>
  /** The engine's own check of its structure: what is wrong, nothing when sound. `deep` also compares indexes. */
  check(deep: boolean): Promise<string[]>
  /** Runs while no other process does so on this database: migrations. Absent where one transaction keeps all others out. */
  exclusive?<T>(run: () => Promise<T>): Promise<T>
  /** Whether a transaction that failed so was rolled back for a reason that passes, so that it may be run again at once. */
  isPassing?(error: unknown): boolean
  close(): Promise<void>
}

/**
 * What can be made again. Keys are ours and hold no text of anybody. What is late, lost or full is not there: none of these throws.
 */
export interface Cache {
  get(key: string): Promise<Uint8Array | undefined>
  /** For `time` milliseconds at most; everything of a group can be taken back at once. */
  set(key: string, value: Uint8Array, options: { time: number; group: string }): Promise<void>
  /** Nothing of the group is given any more; it is removed as soon as the cache can be reached. */
  drop(group: string): Promise<void>
  counts(): CacheCounts
  close(): Promise<void>
}

export interface CacheCounts {
  hits: number
  misses: number
  /** It could not be asked. */
  failures: number
}

/** Runs SQL inside the caller's transaction: what an adapter with tables of its own is handed. */
export interface SqlExecutor {
  execute<Row>(sql: string, parameters: readonly unknown[]): Promise<Row[]>
}

export type RunTransaction = <T>(run: (tx: SqlExecutor) => Promise<T>) => Promise<T>

/** Bytes by their SHA-256. A blob is visible only when it is complete and durable; storing it twice is storing it once. */
export interface Blobs {
  /** Throws `too-large` past `limit` bytes (nothing is kept then), `disk-full`, `cancelled`. */
  put(
    bytes: AsyncIterable<Uint8Array>,
    options?: { limit?: number; signal?: AbortSignal },
  ): Promise<{ hash: string; size: number }>
  /** The path of a local file with the bytes, for reading only; undefined if there is none. */
  file(hash: string): Promise<string | undefined>
  /** Removing what is not there is no error. */
  remove(hash: string): Promise<void>
  /** All hashes, for the collection of what nothing refers to, with the time each was stored. */
  list(): AsyncIterable<{ hash: string; storedAt: Time }>
}

/** Background work, in the same database as the facts that cause it. At least once: effects are made idempotent by fencing. */
export interface Queue {
  enqueue(tx: SqlExecutor, job: NewJob): Promise<void>
  /** The oldest due job of these kinds, in the turn of its group, leased to this process; undefined when there is none. */
  claim(kinds: readonly string[]): Promise<Job | undefined>
  /**
   * Extends the lease, inside the transaction that writes the work done; `beat` only shows life and does not count as
   * getting on. Throws `lease-lost`.
   */
  renew(tx: SqlExecutor, job: Job, beat?: 'beat'): Promise<void>
  /** Ends the claim, in the transaction of its last effect. Throws `lease-lost`. `last` tells a `retry` that became `dead`. */
  settle(tx: SqlExecutor, job: Job, outcome: JobOutcome): Promise<{ last: boolean }>
  /** Takes open jobs with these keys away, also from whoever runs them. */
  cancel(tx: SqlExecutor, keys: readonly string[]): Promise<void>
  /** When the next job of these kinds (of any) is due, now or earlier: at once; undefined when none is open. */
  next(kinds?: readonly string[]): Promise<Time | undefined>
  /** What died and was not enqueued anew since, the latest first, 1,000 at most; kept for the days of retention. */
  dead(): Promise<DeadJob[]>
  /** Enqueues a dead one anew, as if never tried; false when there is none, or its key is open. */
  revive(tx: SqlExecutor, id: string): Promise<boolean>
}

/** What happens, for whoever watches: a hint to look again, never the fact itself. */
export interface Events {
  publish(event: AppEvent): void
  /** From now on, until the signal. A slow reader misses older events of a thing, never its latest, unless it hears `missed`. */
  subscribe(signal: AbortSignal): AsyncIterable<AppEvent>
}

export interface Processes {
  spawn(role: ProcessRole): ChildProcess
}

export type ProcessRole = 'parser' | 'recognizer' | 'model' | 'server'

export interface ChildProcess {
  readonly pid: number | undefined
  /** Resolves when the message left; rejects when the process is gone. */
  send(message: unknown): Promise<void>
  /** What the process says, in order; ends when it exits. One reader. */
  readonly messages: AsyncIterable<unknown>
  /** At once, whatever it is doing. */
  kill(): void
  readonly exit: Promise<{ code: number | null; signal: string | null }>
}

/**
 * Reads documents in processes that can be killed: a parser that hangs, crashes or swallows memory harms nothing else.
 * Throws `unsupported-type`, `type-mismatch`, `empty-file`, `too-many-pages`, `password-protected`, `damaged`,
 * `parser-timeout` (60 s of the processor without a segment, or 60 s in which it does nothing), `parser-memory` (1 GiB),
 * `parser-crashed`, `cancelled`.
 */
export interface Parsers {
  parse(request: ParseRequest, signal?: AbortSignal): AsyncIterable<ParseEvent>
  /**
   * Reads the text in the picture of a page of a paged format, one at a time and behind everybody else's work; 120 s of the
   * processor at most. The segment has no problem where the page is blank, `without-text` where something is to be seen, but no text.
   */
  recognize(request: RecognizeRequest, signal?: AbortSignal): Promise<Segment>
  /** By name alone, for a first answer before the bytes are there: the media type, or undefined. */
  mediaType(name: string): string | undefined
  /** By name alone: whether files are inside, each to be a document of its own. */
  isContainer(name: string): boolean
  close(): Promise<void>
}

/**
 * The models of this installation. Asking for one loads nothing; undefined when none is set up. Its work throws
 * `model-crashed`, `model-timeout`, `model-unavailable` (it failed again and again and rests), `model-memory`, `cancelled`.
 * All throw `model-missing`, `model-invalid`, `model-unsupported` for what is set up, but cannot be used.
 */
export interface Models {
  /** The one to use; with a name, that of its file or its own, the one that is called so. */
  chat(name?: string): Promise<ChatModel | undefined>
  /** The one to use; with a fingerprint, the one that made those vectors, if its file is still there. */
  embedding(fingerprint?: string): Promise<EmbeddingModel | undefined>
  reranking(): Promise<RerankingModel | undefined>
  close(): Promise<void>
}

/**
 * Keeps what must not lie about readable: keys of providers. `purpose` says what a secret is for and whose; under another one it
 * does not open. Throws `secrets-key` where there is no key to seal with, `secrets-unreadable` where what was sealed does not open.
 */
export interface Secrets {
  seal(text: string, purpose: string): Promise<string>
  open(sealed: string, purpose: string): Promise<string>
}

/** A server with models, and the way to it. */
export interface ServerAddress {
  kind: ProviderKind
  /** As people call it: stands in errors. */
  name: string
  baseUrl: string
  key?: string
  fetch: typeof fetch
}

/**
 * Models of servers, as the AI SDK's objects. All throw `provider-key`, `provider-unreachable`, `provider-silent`,
 * `provider-busy` (with `seconds`, where the server said so), `provider-failed`, `provider-broken`, `provider-strange`, `model-not-found`,
 * `model-input`, `cancelled`, and what `fetch` throws; none with a word of what the server said.
 */
export interface Servers {
  /** One on this machine is asked, in Ollama's own way too, which of its models run elsewhere. */
  list(at: ServerAddress, signal?: AbortSignal): Promise<ServerModel[]>
  chat(at: ServerAddress, model: string): LanguageModelV4
  /** How many texts go in one call, and what goes before each, by the model's name. */
  embedding(at: ServerAddress, model: string): { model: EmbeddingModelV4; queryPrefix: string; passagePrefix: string }
}

/** `trust`: who wrote the address. `operator`: the operator or the owner. `content`: it stood in a document, or was typed. */
export interface EgressRequest {
  purpose: EgressPurpose
  access: Access
  trust: 'operator' | 'content'
}

/**
 * The only way out of this machine. An address of an operator may be private, one of `content` must be public, and so must
 * be whatever another server leads to; http and https alone. Each request stands in the ledger before its first byte leaves.
 */
export interface Egress {
  /** As the platform's own; also throws `egress-refused`, and what the ledger throws: without it nothing leaves. */
  fetch(request: EgressRequest): typeof fetch
  /** For what is no HTTP: a connection, past any proxy. Throws as `fetch` does, and as sockets do. */
  connect(request: EgressRequest, to: { host: string; port: number }, signal?: AbortSignal): Promise<EgressConnection>
  /** Until then nothing leaves. */
  govern(rules: EgressRules): void
  /** Breaks off what runs. Before the database is closed. */
  close(): Promise<void>
}

/** Done in order when it is closed, unless it broke or `fail` said why it came to nothing. */
export interface EgressConnection {
  socket: Socket
  fail(why: FailureReason): void
}

/**
 * Sends a mail that is written, at once. `id` (a UUID) is the same each time it is tried, so that whoever gets it twice can tell. Throws
 * `mail-refused`, `mail-later` (worth another try), `mail-login`, `mail-tls`, `mail-unreachable`, `mail-silent`, `mail-address`, `cancelled`.
 */
export interface Mail {
  send(
    message: { id: string; to: string; subject: string; text: string; html: string },
    signal?: AbortSignal,
  ): Promise<void>
}

export interface EgressRules {
  /** Why only this machine may be reached, where that is so. */
  policy(request: EgressRequest): Promise<'offline' | 'local-only' | 'unrecorded' | undefined>
  /**
   * Entries as they are now, new ones and known ones. `hastily`: they outlive this process, and a loss of power with the next ones
   * that are not.
   */
  write(entries: readonly LedgerEntry[], how?: 'hastily'): Promise<void>
}

/**
 * Folders of this machine, looked at away from this thread. Paths below a folder are relative to it, with `/`. `ignore`: lines of a
 * `.gitignore`, after those for what nobody wants (hidden files, what programs leave while they write). Links are never followed.
 * Throws `folder-missing`, `folder-unreadable`, `folder-no-folder`, `cancelled`, and `folder-silent` where the system does not answer: one
 * that hangs keeps nobody waiting who asks for another, or for files of the server.
 */
export interface FolderWatch {
  /** Where a folder really lies, and what it is. Throws `folder-not-absolute`, `own-data` too. */
  find(path: string): Promise<FolderIdentity>
  /** All files in it, or what is at these paths and below, in the order of the bytes of their paths, each once. */
  scan(path: string, what: { ignore: readonly string[]; at?: readonly string[] }, signal: AbortSignal): FolderEntries
  /** Where something may have changed, from now on, and first of all where: nothing before that is missed by whoever looks then. */
  hints(path: string, what: { ignore: readonly string[] }, signal: AbortSignal): AsyncIterable<readonly string[]>
  /** Throws `file-missing`, `file-unreadable`, and `file-changed` where it is not at the end what it was at its beginning. */
  read(path: string, file: string): AsyncIterable<Uint8Array>
  close(): Promise<void>
}

export type FolderEntries = AsyncIterable<readonly FolderEntry[]>

export interface Ports {
  clock: Clock
  ids: Ids
  log: Log
  database: Database
  blobs: Blobs
  /** Jobs live in the core's own database; the core hands over the means to reach it. */
  createQueue(transaction: RunTransaction): Queue
  events: Events
  parsers: Parsers
  models: Models
  /** Without it, nothing is kept to be said again. Whoever opened it closes it. */
  cache?: Cache
  /** Governed by the core. Without it, nothing leaves. */
  egress?: Egress
  /** Without it, no folder is followed. */
  folderWatch?: FolderWatch
  /** Without them there are no providers. */
  secrets?: Secrets
  servers?: Servers
  /** A folder for this process alone, for what parsers take out of containers; whoever starts next removes what is left. */
  scratch: string
  /** The path of a new file in the folder of snapshots. */
  backups: (name: string) => string
}
