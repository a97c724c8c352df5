/** Everything the server and the command line read from outside: environment, machine, locale. Nobody else looks there. */
import { availableParallelism, homedir } from 'node:os'
import path from 'node:path'
import { usualDataDirectory } from '../shared/data-directory.ts'
import { languageOfLocale, type MessageLanguage } from '../shared/messages/index.ts'
import type { Retention } from '../shared/model/index.ts'
import { type AuthConfig, authOf } from './config-auth.ts'
import { type CacheConfig, cacheOf } from './config-cache.ts'
import { type EdgeConfig, edgeOf } from './config-edge.ts'
import { type MailConfig, mailOf } from './config-mail.ts'
import { type ProviderConfig, providersOf } from './config-providers.ts'
import { type QuotaConfig, quotasOf } from './config-quotas.ts'
import { retentionOf } from './config-retention.ts'

export interface Config extends QuotaConfig {
  /** Where the user stands: npm changes the working directory to the package, `INIT_CWD` remembers the user's. */
  workingDirectory: string
  dataDirectory: string
  language: MessageLanguage
  /** Whether a terminal shows more than ASCII. */
  unicode: boolean
  logLevel: string
  serviceName: string
  /** Who shows it may use the server; without one, each start makes its own. */
  token?: string
  /** Whether text is recognised in pictures of pages; `OCR=off` says no for everybody. */
  recognition: boolean
  keeps: Retention
  /** Parser processes. */
  parsers: number
  outgoing: OutgoingConfig
  providers: ProviderConfig
  auth: AuthConfig
  mail: MailConfig
  edge: EdgeConfig
  cache: CacheConfig
  /** PostgreSQL; without, SQLite in the data directory. */
  database?: DatabaseConfig
  blobStore: BlobStoreConfig
  /** Backups from time to time, by servers and workers. */
  backup?: BackupConfig
  /** Milliseconds that jobs are remembered which are done or were given up. */
  jobRetention: number
  /** Whether a server does the background work too. */
  workers: 0 | 1
  /** Where models lie. */
  modelsFolder: string
  models: ModelConfig
  /** Where models are fetched from: a hub, and mirrors of it that are asked after it; as they were set. */
  modelHub: string
  modelMirrors: readonly string[]
  /** Where the desktop's updates lie; without it there are none. */
  updateChannel?: string
  /** Bytes. */
  maxModelSize: number
  /** Milliseconds that a ranking model may add to a search; 0: none has a part. */
  rerankBudget: number
  /** Earlier messages of its chat that a question may refer to. */
  history: number
  /** Passages that `POST /api/v1/chat` answers from, where the call does not say. */
  topK: number
  /** Names that containers have for this machine, as programs say them; in small letters. */
  allowedHosts: readonly string[]
  /** Numbers that were set and are not what is in force. */
  ignored: readonly IgnoredSetting[]
}

export interface DatabaseConfig {
  /** May hold a password: never shown; see `shownDatabase`. */
  url: string
  /** The same without a pooler, where `url` leads through one. */
  directUrl?: string
  poolSize: number
  /** Milliseconds. */
  statementTimeout: number
  /** Whether connections keep statements by name; `DATABASE_PREPARE=off` says no, for poolers that do not know how. */
  named: boolean
}

export interface BackupConfig {
  folder: string
  /** Milliseconds between two of them. */
  every: number
  /** How many stay. */
  keep: number
}

/** Where the bytes of documents lie: in the data directory, or in an S3-compatible store. */
export interface BlobStoreConfig {
  /** As it was set: `folder` or `s3`. */
  kind: string
  endpoint?: string
  bucket?: string
  region: string
  accessKeyId?: string
  secretAccessKey?: string
  prefix: string
  pathStyle: boolean
  /** Bytes of copies on this machine. */
  cacheBytes: number
}

/** Connections to other machines. */
export interface OutgoingConfig {
  /** Only this machine is reached. */
  offline: boolean
  /** As they were set; an address may hold a password. */
  proxies: { https?: string; http?: string; none?: string }
  /** Milliseconds that the ledger of them goes back. */
  ledgerRetention: number
}

export interface IgnoredSetting {
  variable: string
  /** As it was set, at most 80 characters of it. */
  given: string
  inForce: string
}

export interface ModelConfig {
  /** Files named by the user; without them those in `<data>/models` are used. */
  chatFile?: string
  embeddingFile?: string
  rerankingFile?: string
  /** Tokens. */
  contextSize: number
  maxTokens: number
  temperature: number
  threads: number
  /** Milliseconds of a model without work until its memory is given back; infinite: never. */
  idleTime: number
}

/** How freely models write, where neither a call nor an assistant says otherwise: decided here and nowhere else. */
const usualTemperature = 0.3

/** Database threads, which inherit the environment, then keep their compiled code there too: 150 ms of a start become 80. */
export function shareCompileCache(folder: string): void {
  process.env.NODE_COMPILE_CACHE ??= folder
}

export type Environment = Record<string, string | undefined>

export function readConfig(
  options: {
    data?: string
    environment?: Environment
    /** Goes before what the environment says. */
    handed?: Environment
    platform?: NodeJS.Platform
    cores?: number
  } = {},
): Config {
  const environment = { ...(options.environment ?? process.env), ...options.handed }
  const platform = options.platform ?? process.platform
  const workingDirectory = environment.INIT_CWD || process.cwd()
  const data = options.data ?? (environment.CLOISTER_DATA || undefined)
  const locale =
    environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || Intl.DateTimeFormat().resolvedOptions().locale
  const dataDirectory = path.resolve(
    workingDirectory,
    data ?? usualDataDirectory(environment, { platform, home: homedir() }),
  )
  const ignored: IgnoredSetting[] = []
  const number = (variable: string, bounds: Bounds) => numberOf(environment, variable, bounds, ignored)
  const cores = options.cores ?? availableParallelism()
  const auth = authOf(environment, number, ignored)
  return {
    workingDirectory,
    dataDirectory,
    language: languageOfLocale(locale),
    unicode: isUnicode(environment, platform),
    logLevel: environment.LOG_LEVEL ?? 'info',
    serviceName: environment.SERVICE_NAME ?? 'cloister',
    ...quotasOf(number, auth.mode, (variable, bounds) => numberOf(environment, variable, bounds, [])),
    keeps: retentionOf(number),
    ...tokenOf(environment),
    recognition: !/^(?:off|0|false|no)$/i.test(environment.OCR?.trim() ?? ''),
    // One core stays with whoever waits for an answer.
    parsers: Math.max(1, Math.min(4, cores - 1)),
    outgoing: outgoingOf(environment, number, ignored),
    providers: providersOf(environment, number, ignored),
    auth,
    mail: mailOf(environment, number, ignored),
    edge: edgeOf(environment, number, ignored),
    cache: cacheOf(environment, number, ignored),
    ...databaseOf(environment, number, ignored),
    blobStore: blobStoreOf(environment, number),
    ...backupOf(environment, workingDirectory, number, ignored),
    jobRetention: number('JOB_RETENTION_DAYS', { otherwise: 7, least: 0.01, most: 3650 }) * 24 * 60 * 60 * 1000,
    workers: number('WORKERS', { otherwise: 1, least: 0, most: 1, whole: true }) === 0 ? 0 : 1,
    modelsFolder: path.join(dataDirectory, 'models'),
    models: {
      ...fileOf(environment, 'chatFile', 'LLM_MODEL_PATH', workingDirectory),
      ...fileOf(environment, 'embeddingFile', 'EMBEDDING_MODEL_PATH', workingDirectory),
      ...embeddingFileOf(environment, path.join(dataDirectory, 'models')),
      ...fileOf(environment, 'rerankingFile', 'RERANKER_MODEL_PATH', workingDirectory),
      contextSize: number('LLM_CONTEXT_SIZE', { otherwise: 4096, least: 512, most: 1_048_576, whole: true }),
      maxTokens: number('LLM_MAX_TOKENS', { otherwise: 512, least: 16, most: 65_536, whole: true }),
      temperature: temperatureOf(environment, ignored),
      // llama.cpp's threads wait for one another in a loop: one too many, and 19 tokens a second become 1.
      threads: number('LLM_THREADS', { otherwise: Math.max(1, cores - 1), least: 1, most: cores, whole: true }),
      idleTime: idleTimeOf(number),
    },
    modelHub: environment.MODEL_HUB?.trim() || 'https://huggingface.co',
    modelMirrors: (environment.MODEL_MIRRORS ?? '').split(/[\s,]+/).filter(Boolean),
    ...(environment.UPDATE_CHANNEL?.trim() && { updateChannel: environment.UPDATE_CHANNEL.trim() }),
    // Those for two graphics cards have 75 GB; the disk sets the limit of most machines.
    maxModelSize: number('MAX_MODEL_SIZE_BYTES', { otherwise: 100 * 1024 ** 3, least: 1, most: 2 ** 50, whole: true }),
    rerankBudget: number('RERANK_BUDGET_MS', { otherwise: 300, least: 0, most: 600_000 }),
    history: number('MAX_HISTORY_MESSAGES', { otherwise: 10, least: 0, most: 200, whole: true }),
    topK: number('TOP_K_DEFAULT', { otherwise: 5, least: 1, most: 50, whole: true }),
    allowedHosts: (environment.ALLOWED_HOSTS ?? '')
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean),
    ignored,
  }
}

export type NumberOf = (variable: string, bounds: Bounds) => number

function databaseOf(
  { DATABASE_URL, DATABASE_DIRECT_URL, DATABASE_PREPARE }: Environment,
  number: NumberOf,
  ignored: IgnoredSetting[],
): { database?: DatabaseConfig } {
  const url = DATABASE_URL?.trim()
  const directUrl = DATABASE_DIRECT_URL?.trim()
  const poolSize = number('DATABASE_POOL_SIZE', { otherwise: 10, least: 2, most: 200, whole: true })
  const seconds = number('DATABASE_STATEMENT_TIMEOUT', { otherwise: 30, least: 1, most: 3600 })
  const prepare = DATABASE_PREPARE?.trim() ?? ''
  const named = !/^(?:off|0|false|no)$/i.test(prepare)
  if (!/^(?:off|0|false|no|on|1|true|yes|)$/i.test(prepare))
    ignored.push({ variable: 'DATABASE_PREPARE', given: prepare.slice(0, 80), inForce: 'on' })
  if (!url) return {}
  return { database: { url, ...(directUrl && { directUrl }), poolSize, statementTimeout: seconds * 1000, named } }
}

function blobStoreOf(environment: Environment, number: NumberOf): BlobStoreConfig {
  const text = (name: string) => environment[name]?.trim() ?? ''
  const [endpoint, bucket] = [text('S3_ENDPOINT'), text('S3_BUCKET')]
  const [accessKeyId, secretAccessKey] = [text('S3_ACCESS_KEY_ID'), text('S3_SECRET_ACCESS_KEY')]
  return {
    kind: text('BLOB_STORE').toLowerCase() || 'folder',
    ...(endpoint && { endpoint }),
    ...(bucket && { bucket }),
    region: text('S3_REGION') || 'us-east-1',
    ...(accessKeyId && { accessKeyId }),
    ...(secretAccessKey && { secretAccessKey }),
    prefix: text('S3_PREFIX').replace(/^\/+|\/+$/g, '') || 'cloister',
    // As all stores take it but Amazon's, which has no endpoint to be named.
    pathStyle: endpoint !== '',
    cacheBytes: number('S3_CACHE_MB', { otherwise: 2048, least: 16, most: 1e9 }) * 1024 * 1024,
  }
}

const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const usualTime = '24h'

/** A time like `30m`, `24h`, `7d`; from a minute to a year. */
function backupOf(
  { BACKUP_FOLDER, BACKUP_EVERY }: Environment,
  workingDirectory: string,
  number: NumberOf,
  ignored: IgnoredSetting[],
): { backup?: BackupConfig } {
  const folder = BACKUP_FOLDER?.trim()
  if (!folder) return {}
  const timeOf = (text: string) => {
    const [, count, unit] = /^([1-9]\d{0,5})\s*([mhd])$/i.exec(text) ?? []
    const time = Number(count) * units[unit?.toLowerCase() as keyof typeof units]
    return time <= 365 * units.d ? time : undefined
  }
  const given = BACKUP_EVERY?.trim() || usualTime
  const every = timeOf(given)
  if (every === undefined) ignored.push({ variable: 'BACKUP_EVERY', given: given.slice(0, 80), inForce: usualTime })
  return {
    backup: {
      folder: path.resolve(workingDirectory, folder),
      every: every ?? units.d,
      keep: number('BACKUP_KEEP', { otherwise: 7, least: 1, most: 10_000, whole: true }),
    },
  }
}

/** The database as it may be shown and logged: `postgres://user@host:port/name`. */
export function shownDatabase(url: string): string {
  // Of anything else it cannot be told what in it is a password.
  if (!/^postgres(?:ql)?:\/\//i.test(url) || !URL.canParse(url)) return 'postgres://?'
  const { protocol, username, host, pathname, searchParams } = new URL(url)
  // Where none is named, it is the one that is called as the user; as `readTarget` has it.
  const name = searchParams.get('dbname') || pathname.slice(1) || (searchParams.get('user') ?? username) || 'postgres'
  return `${protocol}//${username ? `${username}@` : ''}${host}/${name}`
}

/** Programs know the variables of proxies in small letters and in capitals; the small ones go first, as with most. */
function outgoingOf(environment: Environment, number: NumberOf, ignored: IgnoredSetting[]): OutgoingConfig {
  const either = (name: string) => environment[name.toLowerCase()]?.trim() || environment[name]?.trim()
  const [https, http, none] = [either('HTTPS_PROXY'), either('HTTP_PROXY'), either('NO_PROXY')]
  const given = environment.OFFLINE?.trim() ?? ''
  const offline = !/^(?:|off|0|false|no)$/i.test(given)
  // Whoever wrote something wants something.
  if (offline && !/^(?:on|1|true|yes)$/i.test(given))
    ignored.push({ variable: 'OFFLINE', given: given.slice(0, 80), inForce: 'on' })
  return {
    offline,
    proxies: { ...(https && { https }), ...(http && { http }), ...(none && { none }) },
    ledgerRetention: number('LEDGER_DAYS', { otherwise: 400, least: 1, most: 36_500 }) * 24 * 60 * 60 * 1000,
  }
}

/** 0 is how people write: never. A timer of the system holds 24 days at most. */
function idleTimeOf(number: NumberOf): number {
  const minutes = number('MODEL_IDLE_MINUTES', { otherwise: 10, least: 0, most: 20_160 })
  return minutes === 0 ? Number.POSITIVE_INFINITY : minutes * 60_000
}

/** A file of the folder of models, where it is no server's. */
function embeddingFileOf({ EMBEDDING_MODEL, EMBEDDING_MODEL_PATH }: Environment, folder: string) {
  const name = EMBEDDING_MODEL?.trim()
  return name && !name.includes('/') && !EMBEDDING_MODEL_PATH?.trim() ? { embeddingFile: path.join(folder, name) } : {}
}

/** It has two names; where both are set, to different things, `LLM_TEMPERATURE` is in force. */
function temperatureOf(environment: Environment, ignored: IgnoredSetting[]): number {
  const bounds = { least: 0, most: 2 }
  const [named, alias] = ['LLM_TEMPERATURE', 'DEFAULT_TEMPERATURE']
  const ofAlias: IgnoredSetting[] = []
  const otherwise = numberOf(environment, alias, { ...bounds, otherwise: usualTemperature }, ofAlias)
  const temperature = numberOf(environment, named, { ...bounds, otherwise }, ignored)
  const given = environment[alias]?.trim() ?? ''
  const overruled = given !== '' && temperature !== otherwise
  ignored.push(
    ...(overruled ? [{ variable: alias, given: given.slice(0, 80), inForce: `${named}=${temperature}` }] : ofAlias),
  )
  return temperature
}

function fileOf<Key extends string>(
  environment: Environment,
  key: Key,
  variable: string,
  workingDirectory: string,
): Partial<Record<Key, string>> {
  const named = environment[variable]?.trim()
  return named ? ({ [key]: path.resolve(workingDirectory, named) } as Record<Key, string>) : {}
}

/** Files and shells leave blanks and a line's end at its borders, which no header brings back. */
function tokenOf({ CLOISTER_TOKEN }: Environment): { token?: string } {
  const token = CLOISTER_TOKEN?.trim()
  return token ? { token } : {}
}

/** macOS and today's Windows terminals always; elsewhere the locale says it, and no locale means plain ASCII. */
function isUnicode(environment: Environment, platform: NodeJS.Platform): boolean {
  if (platform === 'win32' || platform === 'darwin') return true
  return /utf-?8/i.test(environment.LC_ALL || environment.LC_CTYPE || environment.LANG || '')
}

interface Bounds {
  otherwise: number
  least: number
  most: number
  whole?: boolean
}

/** What is no number, or below 0, is the default instead; a number out of bounds is the nearest bound. Both are noted. */
function numberOf(
  environment: Environment,
  variable: string,
  { otherwise, least, most, whole = false }: Bounds,
  ignored: IgnoredSetting[],
): number {
  const given = environment[variable]?.trim() ?? ''
  if (given === '') return otherwise
  const value = /^\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(given) ? Number(given) : Number.NaN
  // Nobody means the smallest there is by 0, where 0 is not allowed.
  const meant = Number.isNaN(value) || (value === 0 && least > 0) ? otherwise : whole ? Math.round(value) : value
  const inForce = Math.min(most, Math.max(least, meant))
  if (inForce !== value) ignored.push({ variable, given: given.slice(0, 80), inForce: String(inForce) })
  return inForce
}
