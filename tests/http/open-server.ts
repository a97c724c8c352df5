import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import type { ModelShelf } from '../../server/http/model-shelf.ts'
import { type CloisterServer, createServer } from '../../server/http/server.ts'
import { createSocketFetch } from '../../server/http/socket-fetch.ts'
import { type Client, createClient } from '../../shared/api/client.ts'
import { contract } from '../../shared/api/index.ts'
import { AppError } from '../../shared/errors.ts'
import type { Downloads } from '../../shared/models/download.ts'
import type { Models, Parsers } from '../../shared/ports.ts'
import { createLineParser, openTestCore, type TestCore } from '../open-core.ts'
import { silent } from '../open-store.ts'
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
  maxFileSize?: number
  maxFiles?: number | null
  page?: string
  models?: Partial<ModelShelf>
  downloads?: Downloads
  language?: string
  /** Answers; otherwise there are none. */
  chat?: Models
  /** SQLite without it. */
  engine?: TestEngine
  /** Earlier messages of its chat that a question may refer to. */
  history?: number
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
  }
  const parsers = options.parsers ?? createLineParser()
  const test = await openTestCore(parsers, {
    settings,
    ...(options.chat && { models: options.chat }),
    ...(options.engine && { engine: options.engine }),
  })
  test.core.start()
  const server = createServer({
    core: test.core,
    userId: 'local',
    log: silent,
    token,
    version: '0.0.0',
    maxFileSize: options.maxFileSize ?? 1024 * 1024,
    maxFiles: options.maxFiles ?? null,
    topK: 5,
    ...(options.page !== undefined && { page: options.page }),
    models: {
      list: async () => [],
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
      await test.close()
    },
  })
}

export async function collect<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const event of events) all.push(event)
  return all
}
