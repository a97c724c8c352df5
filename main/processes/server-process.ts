/** Keeps the server of this data directory running for as long as the application does. */
import { randomBytes } from 'node:crypto'
import type { Reason } from '../../shared/model/index.ts'
import type { ChildProcess, Log, Processes } from '../../shared/ports.ts'
import { createBroker } from '../../shared/processes/broker.ts'
import { isFromServer, type StartStep, type ToServer } from '../../shared/processes/desktop-protocol.ts'
import { createSocketFetch } from '../../shared/processes/socket-fetch.ts'
import { type Silence, watchSilence } from './silence.ts'
import { makeSocketPlace, type SocketPlace } from './socket-place.ts'

export type ServerState =
  /**
   * `attempt`: how often it has ended since it last answered. `keychain`: it waits for its settings. `late`: what it is at takes longer than
   * it takes elsewhere, which is no reason to end it.
   */
  | { name: 'starting'; attempt: number; doing: StartStep | 'keychain'; late: boolean }
  | { name: 'ready' }
  /** It was ready, and has not answered for a while. It may do so yet. */
  | { name: 'silent' }
  /** It said why, or ended again and again; it is not started again by itself. */
  | { name: 'failed'; reason: Reason }
  | { name: 'stopped' }

export interface ServerProcess {
  state(): ServerState
  /** Called with each new state until the returned function is. */
  follow(hear: (state: ServerState) => void): () => void
  /** Starts it; also again, after it failed. */
  start(): void
  /**
   * Until the returned function is called nothing starts it: whoever works on its folder holds it, and stops it. A start that was asked for
   * meanwhile, and not taken back by a stop, comes then.
   */
  hold(): () => void
  /** In order, and after `patience` milliseconds in any case. */
  stop(): Promise<void>
  /** Resolves when it is ready, or is not going to be. */
  settled(): Promise<ServerState>
  /** To the server, as who owns it. Waits while it starts. Rejects with `ServerGone` when it ended meanwhile or does not run. */
  fetch(request: Request): Promise<Response>
  readonly pid: number | undefined
}

export class ServerGone extends Error {}

/** Milliseconds before it is started again, by how often it has ended of late; one that was well is back at once. */
const pauses = [0, 250, 1000, 3000] as const
/** One that never gets ready is given up; one that does, and is ended again and again, is not: whatever it has read is kept each time. */
const mostUnready = 5
/** Milliseconds after which one that is ready counts as well. */
const steady = 10_000
/** Milliseconds until a server that was told to stop is ended: what is written is on the disk, and what is not is done again. */
const patience = 2800
/**
 * Milliseconds from which on it is late. Loading takes some seconds on a busy machine; an opening reads what was written last, and a large
 * library takes minutes to be copied and brought to another version.
 */
const lateAfter: Record<StartStep | 'keychain', number> = {
  // Its own patience ends it.
  keychain: Number.POSITIVE_INFINITY,
  waiting: 30_000,
  opening: 30_000,
  migrating: 5 * 60_000,
  beginning: 30_000,
}
/** Milliseconds without an answer, in which it had time to answer: it counts as silent, and is started anew. */
const silence = { told: 20_000, ended: 5 * 60_000 }

export function createServerProcess(options: {
  processes: Processes
  /** Where a socket may lie, the best first. */
  socketFolders: readonly string[]
  dataDirectory: string
  /** As variables of the environment; asked at each start, which waits for them. */
  settings?: () => Promise<Readonly<Record<string, string>>>
  /** Of what watches it. */
  watch?: { lateAfter?: Partial<typeof lateAfter>; silence?: typeof silence; pace?: number }
  log: Log
}): ServerProcess {
  const { processes, socketFolders, dataDirectory, settings = async () => ({}), watch = {}, log } = options
  const times = { lateAfter: { ...lateAfter, ...watch.lateAfter }, silence: watch.silence ?? silence }
  const hearers = new Set<(state: ServerState) => void>()
  let state: ServerState = { name: 'stopped' }
  let child: ChildProcess | undefined
  let token = ''
  let send: ReturnType<typeof createSocketFetch> | undefined
  /** Which beginning this is: a stop or another one overtakes it while it waits for its settings. */
  let turn = 0
  /** Of the one that waits. */
  let waiting: number | undefined
  /** Ends in a row, each soon after the one before. */
  let ended = 0
  /** Of those, the last ones that did not even come as far as being ready. */
  let unready = 0
  /** The one stop there is, for all who ask for it. */
  let stopping: Promise<void> | undefined
  let holds = 0
  /** It is to start when nobody holds it any more. */
  let asked = false
  let timer: NodeJS.Timeout | undefined
  let current: Promise<void> = Promise.resolve()

  function become(next: ServerState): void {
    state = next
    for (const hear of [...hearers]) {
      try {
        hear(next)
      } catch (error) {
        // A menu that cannot be drawn says nothing about the server.
        log.error('what the server has become was not heard', { state: next.name, error })
      }
    }
  }

  const tell = (to: ChildProcess, message: ToServer) => to.send(message).catch(() => {})

  async function run(): Promise<void> {
    turn += 1
    const mine = turn
    waiting = mine
    become({ name: 'starting', attempt: ended, doing: 'keychain', late: false })
    let place: SocketPlace | undefined
    try {
      const given = await settings()
      if (mine === turn) place = await makeSocketPlace(socketFolders)
      if (place && mine === turn) await serve(place.path, given)
    } catch (error) {
      log.error('the server cannot be run', { error })
      // It was overtaken: how things are is said by the one after it.
      if (child || (mine !== turn && !stopping)) return
      become(stopping ? { name: 'stopped' } : { name: 'failed', reason: { code: 'internal' } })
    } finally {
      if (waiting === mine) waiting = undefined
      await place?.leave()
    }
  }

  async function serve(socket: string, given: Readonly<Record<string, string>>): Promise<void> {
    const server = processes.spawn('server')
    child = server
    // Another one each time: what knew the last one is of a server that is gone.
    token = randomBytes(32).toString('base64url')
    send = createSocketFetch(socket)
    become({ name: 'starting', attempt: ended, doing: 'beginning', late: false })
    const isForBroker = createBroker(server, processes)
    void tell(server, { type: 'start', socket, token, dataDirectory, settings: given })
    let readyAt: number | undefined
    let reason: Reason | undefined
    let inspected = false
    const watched = watchSilence(look, watch.pace === undefined ? {} : { pace: watch.pace })

    function look({ lasts, heard, end }: Silence): void {
      // Left to the system: it judges nobody after it.
      if (child !== server) end()
      if (child !== server || stopping) return
      if (state.name === 'starting' && !state.late && lasts() > times.lateAfter[state.doing]) {
        log.warn('the server takes long to start', { doing: state.doing })
        become({ ...state, late: true })
      }
      if (readyAt === undefined) return
      void tell(server, { type: 'ping' })
      // Whoever looks at it with a debugger holds it as long as they like.
      if (inspected) return
      if (state.name === 'ready' && lasts() > times.silence.told) {
        log.warn('the server does not answer', { pid: server.pid })
        become({ name: 'silent' })
      }
      if (lasts() <= times.silence.ended) return
      log.error('the server did not answer for long, and is started anew', { pid: server.pid })
      server.kill()
      // What waits for a drive goes on waiting: it is not ended again at each look.
      heard()
    }

    async function hearAll(): Promise<void> {
      for await (const message of server.messages) {
        // Before it is ready, words on what it is at count: everything else goes on beside a database that hangs.
        if (readyAt !== undefined) watched.heard()
        const counts = child === server && !stopping
        if (counts && state.name === 'silent') become({ name: 'ready' })
        if (isForBroker(message) || !isFromServer(message)) continue
        if (message.type === 'failed') {
          reason = { code: message.code, values: message.values }
          void tell(server, { type: 'seen' })
        } else if (message.type === 'pong') inspected = message.inspected
        else if (!counts) continue
        else if (message.type === 'ready') {
          readyAt = performance.now()
          watched.heard()
          become({ name: 'ready' })
        } else if (message.type === 'doing' && state.name === 'starting') {
          watched.heard()
          become({ ...state, doing: message.step, late: false })
        }
      }
    }

    try {
      await hearAll()
    } catch (error) {
      // Whom nobody hears is not left running.
      server.kill()
      if (child === server) child = undefined
      throw error
    } finally {
      watched.end()
    }
    const { code, signal } = await server.exit
    // Given up before, as nothing ended it.
    if (child !== server) return
    child = undefined
    if (stopping) return become({ name: 'stopped' })
    const wasWell = readyAt !== undefined && performance.now() - readyAt > steady
    ended = wasWell ? 1 : ended + 1
    unready = readyAt === undefined ? unready + 1 : 0
    log.warn('the server ended', { code, signal, ended, ...(reason && { reason: reason.code }) })
    // What it says of itself it would say again: another process has the folder, the disk is full, the database is damaged.
    if (reason && readyAt === undefined && reason.code !== 'internal') return become({ name: 'failed', reason })
    if (unready >= mostUnready) return become({ name: 'failed', reason: reason ?? { code: 'internal' } })
    become({ name: 'starting', attempt: ended, doing: 'beginning', late: false })
    timer = setTimeout(begin, pauses[Math.min(ended, pauses.length) - 1])
  }

  function begin(): void {
    timer = undefined
    if (holds > 0) {
      asked = true
      return
    }
    current = run()
  }

  function start(): void {
    if (holds > 0) {
      if (!child || stopping) asked = true
      return
    }
    if (child || timer || waiting === turn) return
    asked = false
    stopping = undefined
    ended = 0
    unready = 0
    begin()
  }

  async function end(server: ChildProcess): Promise<void> {
    const late = setTimeout(() => {
      log.warn('the server did not stop in time')
      server.kill()
    }, patience)
    // What waits for a drive that is gone is ended by nothing: it is left to the system, and nobody waits for it.
    const never = Promise.withResolvers<void>()
    const gone = setTimeout(() => {
      never.resolve()
      if (child !== server) return
      log.error('the server cannot be ended', { pid: server.pid })
      child = undefined
      become({ name: 'stopped' })
    }, 2 * patience)
    void tell(server, { type: 'stop' })
    await Promise.race([current, never.promise])
    clearTimeout(late)
    clearTimeout(gone)
  }

  function settled(): Promise<ServerState> {
    return new Promise(resolve => {
      if (state.name !== 'starting') return resolve(state)
      const leave = follow(next => {
        if (next.name === 'starting') return
        leave()
        resolve(next)
      })
    })
  }

  function follow(hear: (state: ServerState) => void): () => void {
    hearers.add(hear)
    return () => void hearers.delete(hear)
  }

  return {
    state: () => state,
    follow,
    settled,
    get pid() {
      return child?.pid
    },
    start,
    hold() {
      holds += 1
      let held = true
      return () => {
        if (!held) return
        held = false
        holds -= 1
        if (holds === 0 && asked) start()
      }
    },
    async stop() {
      asked = false
      clearTimeout(timer)
      timer = undefined
      turn += 1
      const server = child
      if (!server) return become({ name: 'stopped' })
      if (stopping) return stopping
      const mine = end(server).finally(() => {
        // Whoever heard of its end may have started another one, and somebody stopped that.
        if (stopping === mine) stopping = undefined
      })
      stopping = mine
      return mine
    },
    async fetch(request) {
      const { name } = await settled()
      if ((name !== 'ready' && name !== 'silent') || !send) throw new ServerGone(name)
      const headers = new Headers(request.headers)
      headers.set('authorization', `Bearer ${token}`)
      const { body, method, url, signal } = request
      try {
        return await send(new Request(url, { method, headers, signal, body, ...(body && { duplex: 'half' }) }))
      } catch (error) {
        if (signal.aborted) throw error
        throw new ServerGone('unreachable', { cause: error })
      }
    },
  }
}
