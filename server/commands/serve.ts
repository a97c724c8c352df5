import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { Downloads } from '../../shared/models/download.ts'
import type { Processes } from '../../shared/ports.ts'
import type { StartStep } from '../../shared/processes/desktop-protocol.ts'
import { localUser } from '../../shared/workspace/projects.ts'
import type { OpenedAccounts } from '../compose-accounts.ts'
import type { OpenedEdge } from '../compose-edge.ts'
import { demandServerMode } from '../config-auth.ts'
import type { Context } from '../context.ts'
import { createAccess } from '../http/access.ts'
import { createUpdateFiles } from '../http/update-files.ts'
import { usageError } from '../present.ts'
import { claimServer } from '../server-file.ts'
import { safe } from '../text.ts'
import { keepYoungSpaceSmall } from '../young-space.ts'
import { tellSettings } from './tell-settings.ts'

export interface ServeOptions {
  host: string
  /** As typed; `none` for no port at all. */
  port?: string
  socket?: string
  workers?: string
}

/** Whoever starts it from within, and not by the command line. */
export interface ServeHost {
  /** Instead of one that is read from outside, or made. */
  token?: string
  /** Where this process may start none itself. */
  processes?: Processes
  /** What it is at until it listens. */
  doing?(step: StartStep): void
  /** It listens; instead of a word on standard output. */
  ready?(): void
  /** Milliseconds until what still runs is cut off, and until the process ends whatever hangs. */
  grace?: number
  atMost?: number
}

/** The page and its cookie take no longer one; what a header carries is printable ASCII. */
const tokenLength = { min: 16, max: 1000 }
const tokenForm = /^[\x21-\x7e]*$/
/** Serves the data directory until it is told to stop. */
export async function serve(
  context: Context,
  options: ServeOptions,
  { token: given, processes, doing = () => {}, ready, grace = 7000, atMost = 9500 }: ServeHost = {},
): Promise<void> {
  const { terminal, translate, signal } = context
  const config = context.config()
  const workers = workersOf(context, options)
  const port = portOf(context, options)
  if (port === 'none' && options.socket === undefined) throw usageError(translate('cli.usage.socket'))
  if (config.token !== undefined && !isToken(config.token)) throw usageError(translate('cli.usage.token', tokenLength))
  const youngSpace = keepYoungSpaceSmall()
  const token = given ?? config.token ?? randomBytes(32).toString('base64url')
  const mode = demandServerMode(config.auth, options.host)
  const log = context.log()
  tellSettings(context, { backups: workers === 1 })

  const [
    { dataDirectoryError, openCore },
    { openDownloads },
    { openEdge },
    { createServer },
    { createModelShelf },
    listen,
  ] = await Promise.all([
    import('../compose.ts'),
    import('../compose-downloads.ts'),
    import('../compose-edge.ts'),
    import('../http/server.ts'),
    import('../http/model-shelf.ts'),
    import('../http/listen.ts'),
  ])
  signal.throwIfAborted()
  // On Postgres any number of servers may share a data directory, and commands open the library themselves.
  doing('waiting')
  const claim = config.database
    ? undefined
    : await claimServer(config.dataDirectory, token, signal).catch(error => {
        throw dataDirectoryError(config.dataDirectory, error)
      })
  try {
    doing('opening')
    const { core, database, egress, heldModels, close } = await openCore({
      config,
      log,
      backups: workers === 1,
      migrating: () => doing('migrating'),
      ...(processes && { processes }),
    })
    doing('beginning')
    // Who has the token of this machine, where nobody logs in.
    const operator = mode ? localUser : await core.operator()
    const known = mode !== undefined || operator !== localUser
    // With accounts, models are the installation's.
    const access = known ? 'internal' : { userId: localUser }
    const { maxFileSize, maxFiles } = known ? config.ofAccounts : config
    const changed = (name: string) => core.announce({ type: 'download', name })
    let downloads: Downloads | undefined
    let edge: OpenedEdge | undefined
    let accounts: OpenedAccounts | undefined
    try {
      edge = await openEdge(config, log, mode?.publicUrl)
      // It takes memory, which a library of one user has other uses for.
      if (mode) accounts = (await import('../compose-accounts.ts')).openAccounts({ mode, core, database, egress, log })
      downloads = openDownloads({ config, egress, access, log, changed })
      const { chatFile: chat, embeddingFile: embedding, rerankingFile: reranking } = config.models
      const server = createServer({
        core,
        access: accounts ? accounts.access(token) : createAccess(token, operator),
        ...(accounts && { accounts }),
        log,
        version: (createRequire(import.meta.url)('../../package.json') as { version: string }).version,
        maxFileSize,
        maxFiles,
        topK: config.topK,
        allowedHosts: config.allowedHosts,
        edge: edge.edge,
        ...page(),
        models: await createModelShelf({
          folder: config.modelsFolder,
          named: { ...(chat && { chat }), ...(embedding && { embedding }), ...(reranking && { reranking }) },
          limit: config.maxModelSize,
          contextSize: config.models.contextSize,
          threads: config.models.threads,
          heldModels,
        }),
        downloads,
        ...(config.updateChannel !== undefined && {
          updateFiles: createUpdateFiles({
            channel: config.updateChannel,
            fetch: egress.fetch({ purpose: 'update', access, trust: 'operator' }),
          }),
        }),
      })
      const address =
        port === 'none' ? null : await listen.listenOnPort(youngSpace.watch(server.open()), options.host, port)
      const socket = options.socket === undefined ? null : path.resolve(config.workingDirectory, options.socket)
      if (socket !== null) await listen.listenOnSocket(youngSpace.watch(server.open()), socket)
      await claim?.tell({ address, socket })
      const setUp = await accounts?.registration.setUpLink()
      if (workers === 1) core.start()
      core.folders.start()
      await downloads.recover()
      // Behind the `#` it stays in the browser: no log and no other site gets to see it.
      const url = mode ? mode.publicUrl : address === null ? null : `${address}/#token=${encodeURIComponent(token)}`
      if (ready) ready()
      else if (context.json)
        terminal.json({ address, url, socket, pid: process.pid, ...(setUp !== undefined && { setUp }) })
      else {
        if (url !== null) terminal.out(translate('cli.serve.ready', { url }))
        if (socket !== null) terminal.out(translate('cli.serve.socket', { file: safe(socket) }))
        if (setUp !== undefined) terminal.out(translate('cli.serve.setUp', { url: setUp }))
      }
      log.info('serving', { address, socket })

      await aborted(signal)
      setTimeout(() => process.exit(1), atMost).unref()
      await server.stop(grace)
    } finally {
      await downloads?.close()
      await edge?.close()
      await accounts?.close()
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
