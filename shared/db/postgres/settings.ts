import { readFile } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import { AppError } from '../../errors.ts'

export interface PostgresSettings {
  /**
   * `postgres://user:password@host:port/database?sslmode=…`. Of its parameters count `sslmode` (`disable`, `prefer`, `require`,
   * `verify-ca`, `verify-full`; as in libpq), `sslrootcert`, `sslcert`, `sslkey`, `host` (a socket's folder), `dbname`,
   * `application_name` and `connect_timeout` (seconds). Where no database is named, it is the one that is called as the user. Without `sslmode` it is `disable` on this machine and `prefer` everywhere else; `ssl=true`
   * and `no-verify`, as other programs write it, are `require`. `channel_binding=require` ties the password to the certificate.
   */
  url: string
  /** The same database without a pooler, for what needs a connection of its own: notifications, and locks that last. */
  directUrl?: string
  /** Schemas that libraries beside us make for themselves: the login must be allowed to. */
  schemas?: readonly string[]
  /** Connections at most, for all that reads and writes here; from 2 on, some of them only read. */
  poolSize?: number
  /** Milliseconds a statement may take, waiting for others included. */
  statementTimeout?: number
  /** Milliseconds after which a transaction that asks nothing is ended. */
  idleInTransactionTimeout?: number
  /** Milliseconds to wait for a connection, or for others who write in the same project. */
  waitLimit?: number
  /** Milliseconds that `close` waits for what is under way. */
  patience?: number
  applicationName?: string
  /** Whether connections keep statements by name, as they do when nothing is said. Some poolers do not know how. */
  named?: boolean
  /** In place of a socket, for an engine inside this process: it is one connection only, so it needs `poolSize` 1. */
  stream?: () => Duplex
}

export type TlsMode = 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'

/** Where and as whom, as `pg` takes it. */
export interface Target {
  host: string
  port: number
  user: string
  password: string | undefined
  database: string
  /** The URL does not name it. */
  unnamed: boolean
  applicationName: string
  connectTimeout: number
  tls: TlsMode
  ssl: ConnectionOptions
  channelBinding: boolean
  stream: (() => Duplex) | undefined
}

const modes: readonly string[] = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full']

/** Throws `database-url`, which never holds the URL: there may be a password in it. */
export async function readTarget({ url, applicationName, stream }: PostgresSettings): Promise<Target> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !/^postgres(?:ql)?:\/\//i.test(url.trim())) throw new AppError('database-url')
  const given = parsed.searchParams
  const host = given.get('host') ?? decode(parsed.hostname).replace(/^\[(.+)\]$/, '$1')
  const user = given.get('user') ?? decode(parsed.username)
  const database = given.get('dbname') || decode(parsed.pathname.slice(1))
  const mode = modeOf(given, host)
  const channelBinding = given.get('channel_binding') === 'require'
  // Several hosts, which libpq would try in turn, are not for us.
  if (!modes.includes(mode) || host.includes(',') || (channelBinding && mode === 'disable'))
    throw new AppError('database-url')
  const seconds = Number(given.get('connect_timeout') ?? 10)
  return {
    host: host === '' ? 'localhost' : host,
    port: Number(given.get('port') ?? (parsed.port || 5432)),
    user: user === '' ? 'postgres' : user,
    password: given.get('password') ?? (parsed.password === '' ? undefined : decode(parsed.password)),
    database: database || user || 'postgres',
    unnamed: database === '',
    applicationName: applicationName ?? given.get('application_name') ?? 'cloister',
    connectTimeout: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 10_000,
    tls: mode as TlsMode,
    ssl: mode === 'disable' ? {} : await readTls(mode as TlsMode, given),
    channelBinding,
    stream,
  }
}

function modeOf(given: URLSearchParams, host: string): string {
  const mode = given.get('sslmode') ?? (/^(?:|0|false)$/.test(given.get('ssl') ?? '') ? undefined : 'require')
  if (mode === 'no-verify') return 'require'
  const bound = given.get('channel_binding') === 'require'
  const asked = given.has('sslrootcert') || given.has('sslcert') || bound
  // `allow` is `prefer` the other way round; what both can do is the safer one.
  const usual = mode === 'allow' ? 'prefer' : (mode ?? (isHere(host) && !asked ? 'disable' : 'prefer'))
  // Without a certificate there is nothing to tie a password to.
  return usual === 'prefer' && bound ? 'require' : usual
}

/** libpq's meanings: `require` encrypts and proves nothing, unless it is given a certificate to prove it by. */
async function readTls(mode: TlsMode, given: URLSearchParams): Promise<ConnectionOptions> {
  const [ca, cert, key] = await Promise.all(['sslrootcert', 'sslcert', 'sslkey'].map(name => readPem(given.get(name))))
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  if (mode === 'verify-full') return files
  if (mode === 'verify-ca' || (mode === 'require' && ca)) return { ...files, checkServerIdentity: () => undefined }
  return { ...files, rejectUnauthorized: false }
}

async function readPem(file: string | null): Promise<string | undefined> {
  // `system`: the certificates that Node trusts, which it does without being told.
  if (!file || file === 'system') return undefined
  try {
    const text = await readFile(file, 'utf8')
    // Node leaves out what it cannot read, and trusts the others.
    if (!text.includes('-----BEGIN ')) throw new Error('no certificate or key')
    return text
  } catch (cause) {
    throw new AppError('database-tls', { detail: file }, { cause })
  }
}

function isHere(host: string): boolean {
  return host === '' || host.startsWith('/') || /^(?:localhost|127\.[\d.]+|::1)$/.test(host)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new AppError('database-url')
  }
}
