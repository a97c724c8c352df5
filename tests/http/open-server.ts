import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { Accounts } from '../../server/auth/accounts.ts'
import { type Access, createAccess } from '../../server/http/access.ts'
import { createAccountAccess } from '../../server/http/account-access.ts'
import type { EdgeSettings } from '../../server/http/edge.ts'
import type { ModelShelf } from '../../server/http/model-shelf.ts'
import { type CloisterServer, createServer } from '../../server/http/server.ts'
import { type Client, createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import type { CoreSettings } from '../../shared/core.ts'
import { AppError } from '../../shared/errors.ts'
import type { Downloads } from '../../shared/models/download.ts'
import type { Log, Models, Parsers, Ports } from '../../shared/ports.ts'
import { createSocketFetch } from '../../shared/processes/socket-fetch.ts'
import { createLineParser, openTestCore, type TestCore } from '../open-core.ts'
import { addUsers, silent } from '../open-store.ts'
import type { TestEngine } from '../postgres.ts'

export const token = 'correct-horse-battery-staple'

export interface TestServer extends TestCore {
  server: CloisterServer
  http: Server
  url: string
  client: Client
  socketClient: Client
  projectId: string
  /** With the token. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  stop(): Promise<void>
}

export interface TestServerOptions {
  parsers?: Parsers
  /** Who may ask; whoever has the token, without it. */
  access?: Access
  /** Beside local mode's, as if they had accounts. */
  users?: readonly string[]
  maxFileSize?: number
  maxFiles?: number | null
  allowedHosts?: readonly string[]
  /** How it stands to the network; as a server of this machine, without it. */
  edge?: EdgeSettings
  page?: string
  models?: Partial<ModelShelf>
  downloads?: Downloads
  language?: string
  log?: Log
  /** Answers; otherwise there are none. */
  chat?: Models
  /** SQLite without it. */
  engine?: TestEngine
  /** Earlier messages of its chat that a question may refer to. */
  history?: number
  /** Accounts, beside the token of this machine. */
  accounts?: (test: TestCore) => Accounts
  /** For the core. */
  settings?: Partial<CoreSettings & Ports>
}

const notFound = (name: string) => Promise.reject(new AppError('download-not-found', { name }))
const noDownloads: Downloads = {
  start: ({ source }) => Promise.reject(new AppError('download-address', { given: source })),
  list: async () => [],
  get: async () => undefined,
  pause: notFound,
  resume: notFound,
  cancel: notFound,
  finished: notFound,
  recover: async () => {},
  close: async () => {},
}

/** A real server on a free port and on a Unix socket, over a core whose parser is the test's. */
export async function openTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const settings = {
    limits: { fileSize: Number.POSITIVE_INFINITY, files: options.maxFiles ?? null },
    ...(options.history !== undefined && { history: options.history }),
    ...options.settings,
  }
  const parsers = options.parsers ?? createLineParser()
  const test = await openTestCore(parsers, {
    settings,
    ...(options.chat && { models: options.chat }),
    ...(options.engine && { engine: options.engine }),
  })
  await addUsers(test.database, ...(options.users ?? []))
  test.core.start()
  const accounts = options.accounts?.(test)
  const server = createServer({
    core: test.core,
    access: accounts ? createAccountAccess(accounts, token) : (options.access ?? createAccess(token, 'local')),
    ...(accounts && { accounts }),
    log: options.log ?? silent,
    version: '0.0.0',
    maxFileSize: options.maxFileSize ?? 1024 * 1024,
    maxFiles: options.maxFiles ?? null,
    topK: 5,
    allowedHosts: options.allowedHosts ?? [],
    ...(options.edge && { edge: options.edge }),
    ...(options.page !== undefined && { page: options.page }),
    models: {
      list: async () => [],
      catalog: async () => ({ machine: { memory: 0, free: 0, cores: 1, loaded: [] }, models: [] }),
      embedderFile: async () => null,
      add: () => Promise.reject(new AppError('model-invalid')),
      verify: name => Promise.reject(new AppError('model-not-found', { name })),
      use: name => Promise.reject(new AppError('model-not-found', { name })),
      remove: name => Promise.reject(new AppError('model-not-found', { name })),
      ...options.models,
    },
    downloads: options.downloads ?? noDownloads,
  })
  const http = server.open()
  await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve))
  const socketPath = path.join(test.folder, 's')
  const socket = server.open()
  await new Promise<void>(resolve => socket.listen(socketPath, resolve))
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`
  const language = () => options.language ?? 'en'
  return Object.assign(test, {
    server,
    http,
    url,
    projectId: test.scope.projectId,
    client: createClient({ routes: contract, url, token, language }),
    socketClient: createClient({
      routes: contract,
      url: 'http://localhost',
      token,
      language,
      fetch: createSocketFetch(socketPath),
    }),
    fetch: (path: string, init: RequestInit = {}) =>
      fetch(url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } }),
    async stop() {
      await server.stop(2000)
      await accounts?.close()
      await test.close()
    },
  })
}

export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}
