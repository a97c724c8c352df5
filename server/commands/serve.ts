import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { AppError } from '../../shared/errors.ts'
import type { Downloads } from '../../shared/models/download.ts'
import { localUser } from '../../shared/workspace/projects.ts'
import type { Context } from '../context.ts'
import { isLoopback } from '../loopback.ts'
import { usageError } from '../present.ts'
import { claimServer } from '../server-file.ts'
import { safe } from '../text.ts'
import { tellSettings } from './tell-settings.ts'

export interface ServeOptions {
  host: string
  /** As typed; `none` for no port at all. */
  port?: string
  socket?: string
  workers?: string
}

/** Milliseconds until what still runs is cut off, and until the process ends whatever hangs. */
const grace = 7000
const atMost = 9500
/** The page and its cookie take no longer one; what a header carries is printable ASCII. */
const tokenLength = { min: 16, max: 1000 }
const tokenForm = /^[\x21-\x7e]*$/
/**
 * Keeps V8's space for young objects as small as it begins: what a request leaves behind is collected sooner. Measured:
 * idle 160 MB instead of 180, and 9 to 14 MB on top while 1 GB is uploaded instead of 50.
 */
const smallYoungSpace = '--semi-space-growth-factor=1'

/** Serves the data directory until it is told to stop. */
export async function serve(context: Context, options: ServeOptions): Promise<void> {
  const { terminal, translate, signal } = context
  const config = context.config()
  const workers = workersOf(context, options)
  const port = portOf(context, options)
  if (port === 'none' && options.socket === undefined) throw usageError(translate('cli.usage.socket'))
  if (config.token !== undefined && !isToken(config.token)) throw usageError(translate('cli.usage.token', tokenLength))
  setFlagsFromString(smallYoungSpace)
  const token = config.token ?? randomBytes(32).toString('base64url')
  if (!isLoopback(options.host)) throw new AppError('host-refused', { host: options.host })
  const log = context.log()
  tellSettings(context, { backups: workers === 1 })

  const [{ dataDirectoryError, openCore }, { openDownloads }, { createServer }, { createModelShelf }, listen] =
    await Promise.all([
      import('../compose.ts'),
      import('../compose-downloads.ts'),
      import('../http/server.ts'),
      import('../http/model-shelf.ts'),
      import('../http/listen.ts'),
    ])
  signal.throwIfAborted()
  // On Postgres any number of servers may share a data directory, and commands open the library themselves.
  const claim = config.database
    ? undefined
    : await claimServer(config.dataDirectory, token, signal).catch(error => {
        throw dataDirectoryError(config.dataDirectory, error)
      })
  try {
    const { core, egress, close } = await openCore({ config, log, backups: workers === 1 })
    const access = { userId: localUser }
    const changed = (name: string) => core.announce({ type: 'download', name })
    let downloads: Downloads | undefined
    try {
      downloads = openDownloads({ config, egress, access, log, changed })
      const { chatFile: chat, embeddingFile: embedding, rerankingFile: reranking } = config.models
      const server = createServer({
        core,
        userId: localUser,
        log,
        token,
        version: (createRequire(import.meta.url)('../../package.json') as { version: string }).version,
        maxFileSize: config.maxFileSize,
        maxFiles: config.maxFiles,
        topK: config.topK,
        ...page(),
        models: await createModelShelf({
          folder: config.modelsFolder,
          named: { ...(chat && { chat }), ...(embedding && { embedding }), ...(reranking && { reranking }) },
          limit: config.maxModelSize,
        }),
        downloads,
      })
      const address = port === 'none' ? null : await listen.listenOnPort(server.open(), options.host, port)
      const socket = options.socket === undefined ? null : path.resolve(config.workingDirectory, options.socket)
      if (socket !== null) await listen.listenOnSocket(server.open(), socket)
      await claim?.tell({ address, socket })
      if (workers === 1) core.start()
      await downloads.recover()
      // Behind the `#` it stays in the browser: no log and no other site gets to see it.
      const url = address === null ? null : `${address}/#token=${encodeURIComponent(token)}`
      if (context.json) terminal.json({ address, url, socket, pid: process.pid })
      else {
        if (url !== null) terminal.out(translate('cli.serve.ready', { url }))
        if (socket !== null) terminal.out(translate('cli.serve.socket', { file: safe(socket) }))
      }
      log.info('serving', { address, socket })

      await aborted(signal)
      setTimeout(() => process.exit(1), atMost).unref()
      await server.stop(grace)
    } finally {
      await downloads?.close()
      await close()
    }
  } finally {
    await claim?.release()
  }
  log.info('stopped')
  // Being told to stop is how a server ends: no failure, as it is for a command that had something to finish.
  await terminal.flush()
  process.exit(0)
}

/** Throws where nobody would be left to do the work. */
function workersOf(context: Context, { workers }: ServeOptions): 0 | 1 {
  const config = context.config()
  if (workers !== undefined && workers !== '0' && workers !== '1')
    throw usageError(context.translate('cli.usage.workers'))
  const wanted = workers === undefined ? config.workers : workers === '0' ? 0 : 1
  if (wanted === 0 && !config.database) throw usageError(context.translate('cli.usage.worker'))
  return wanted
}

function isToken(token: string): boolean {
  return token.length >= tokenLength.min && token.length <= tokenLength.max && tokenForm.test(token)
}

function portOf({ translate }: Context, { port }: ServeOptions): number | 'none' | undefined {
  if (port === undefined || port === 'none') return port
  const value = /^\d{1,5}$/.test(port) ? Number(port) : Number.NaN
  if (value >= 0 && value <= 65_535) return value
  throw usageError(translate('cli.usage.number', { name: '--port', max: 65_535 }))
}

/** The screen, where it has been built. */
function page(): { page?: string } {
  const folder = path.join(import.meta.dirname, '../../dist/renderer')
  return existsSync(path.join(folder, 'index.html')) ? { page: folder } : {}
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
