/**
 * The only way out. Every request of the product to another machine goes through here: the rules are asked, a line stands in
 * the ledger before its first byte leaves, and nothing is connected to that the rules do not allow, on every redirect anew.
 */
import type { Socket } from 'node:net'
import type { Agent, Dispatcher } from 'undici'
import { AppError } from '../errors.ts'
import type { FailureReason, LedgerEntry, RefusalReason } from '../model/index.ts'
import type { Clock, Egress, EgressRequest, EgressRules, Ids, Log } from '../ports.ts'
import { hostOf } from './address.ts'
import { createConnect, type Lookup, systemLookup } from './connect.ts'
import { createTally, type Tally } from './connection.ts'
import { createLedgerWriter, type LedgerWriter } from './ledger-writer.ts'
import { createMeter, type Meter } from './meter.ts'
import { createPools } from './pools.ts'
import { createProxies, type ProxySettings, portOf } from './proxy.ts'
import { isBeyond, type Reach, refusalError, refuseUrl } from './refusal.ts'

/** Milliseconds between two notes of how far a request is that takes longer: who finds none for a while knows that it is dead. */
export const beatTime = 5000

/** One call of `fetch`, over all of its redirects. */
interface Call {
  request: EgressRequest
  follows: boolean
  signal: AbortSignal | undefined
  /** The first address of it. */
  first?: URL
  /** Another server has had a say: from then on nothing private, whichever way it leads back. */
  away: boolean
  /** What the caller hears in place of what `fetch` makes of it. */
  error?: Error
}

/** Headers that go along when another server sends us elsewhere; keys have many names. */
const harmless =
  /^(?:accept|accept-.*|content-(?:type|length|language|encoding)|range|if-.*|user-agent|cache-control|pragma|sec-fetch-.*)$/i

export interface EgressSettings {
  clock: Clock
  ids: Ids
  log: Log
  proxies?: ProxySettings
  lookup?: Lookup
}

/** Until `govern` was called, nothing leaves. Throws `setting-invalid` for a proxy that cannot be read. */
export function openEgress({ clock, ids, log, proxies = {}, lookup = systemLookup }: EgressSettings): Egress {
  const proxyOf = createProxies(proxies)
  const pools = new Map<string, Agent>()
  const running = new Map<Meter | Tally, LedgerEntry>()
  const tallies = new Set<Tally>()
  let governed: { rules: EgressRules; ledger: LedgerWriter } | undefined
  let library: Promise<typeof import('undici')> | undefined
  let beat: ReturnType<typeof setInterval> | undefined
  let closed = false

  function rule() {
    if (!governed || closed) throw new Error('nothing leaves before the rules are known, and after the end')
    return governed
  }

  /** Connections are kept apart by what was checked when they were made. */
  async function poolOf(kind: EgressRequest['trust'] | 'whole-address', reach: Reach): Promise<Agent> {
    const undici = await library
    if (!undici) throw new Error('not loaded')
    const key = `${kind} ${reach}`
    const found = pools.get(key)
    if (found) return found
    const means = { undici, lookup, proxyOf: kind === 'whole-address' ? () => undefined : proxyOf }
    const pool = createPools(undici, createConnect(means, { reach, pinned: kind === 'content' }))
    pools.set(key, pool)
    return pool
  }

  function entryFor({ request: { purpose, access } }: Call, url: URL): LedgerEntry {
    const { userId = null, projectId = null } = access === 'internal' ? {} : access
    const startedAt = clock.now()
    const whom = { id: ids.next(), startedAt, endedAt: null, userId, projectId, purpose }
    const where = { host: hostOf(url), port: url.port === '' && !/^https?:$/.test(url.protocol) ? 0 : portOf(url) }
    return { ...whom, ...where, address: null, sent: 0, received: 0, outcome: 'open', why: null }
  }

  /** The refusal, which stands in the ledger. */
  async function refuse(call: Call, url: URL, why: RefusalReason, entry = entryFor(call, url)): Promise<AppError> {
    await rule().ledger.put({ ...entry, endedAt: entry.startedAt, outcome: 'refused', why })
    return refusalError(entry.host, why)
  }

  function isAway(call: Call, url: URL): boolean {
    return call.away || (call.first !== undefined && hostOf(call.first) !== hostOf(url))
  }

  /** Where an answer leads to that nobody may be connected to. */
  function refuseNext(call: Call, from: URL, location: string): Error | undefined {
    const next = URL.parse(location, from.href)
    const why = next && refuseUrl(next, call.request.trust === 'content' || isAway(call, next))
    if (!next || !why) return undefined
    call.error = refusalError(hostOf(next), why)
    void refuse(call, next, why).catch(error => log.warn('a refusal does not stand in the ledger', { error }))
    return call.error
  }

  async function hop(call: Call, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
    const url = new URL(String(options.origin))
    const { rules, ledger } = rule()
    call.away = isAway(call, url)
    const toPublic = call.request.trust === 'content' || call.away
    call.first ??= url
    // Both ask the database, and are asked at once; nobody is connected to before both are there.
    const entry = entryFor(call, url)
    const begun = ledger.begin(entry)
    begun.catch(() => {})
    const here = await rules.policy(call.request)
    const reach: Reach = here ? 'loopback' : toPublic ? 'public' : 'any'
    if (isBeyond(url, reach) || (here && toPublic)) throw await refuse(call, url, here ?? 'not-public', entry)
    // A prompt holds passages: one server was chosen for them.
    if (call.request.purpose === 'model' && call.first.origin !== url.origin)
      throw await refuse(call, url, 'redirected', entry)
    await begun
    const meter = createMeter(entry, handler, {
      ended(outcome) {
        finish(meter, entry, outcome)
        if (outcome.refused) call.error = refusalError(entry.host, outcome.refused)
      },
      ...(call.follows && { redirected: (location: string) => refuseNext(call, new URL(options.path, url), location) }),
      isCancelled: () => call.signal?.aborted ?? false,
    })
    watch(meter, entry)
    try {
      call.signal?.throwIfAborted()
      const sent = call.first.origin === url.origin ? options : { ...options, headers: onlyHarmless(options.headers) }
      const proxy = reach === 'any' && url.protocol === 'http:' ? proxyOf(url) : undefined
      const pool = await poolOf(proxy ? 'whole-address' : call.request.trust, reach)
      pool.dispatch(proxy ? throughProxy(sent, url, proxy) : sent, meter.handler)
    } catch (error) {
      meter.fail(error as Error)
      throw error
    }
  }

  function watch(meter: Meter | Tally, entry: LedgerEntry): void {
    if (running.size === 0) beat = setInterval(beatAll, beatTime).unref()
    running.set(meter, entry)
  }

  function finish(
    meter: Meter | Tally,
    entry: LedgerEntry,
    { refused, failed }: { refused?: RefusalReason; failed?: FailureReason },
  ): void {
    running.delete(meter)
    if (running.size === 0) clearInterval(beat)
    entry.endedAt = clock.now()
    entry.outcome = refused ? 'refused' : failed ? 'failed' : 'done'
    entry.why = refused ?? failed ?? null
    governed?.ledger.putLater(entry)
  }

  function beatAll(): void {
    for (const [meter, entry] of running) {
      meter.count()
      governed?.ledger.putLater(entry)
    }
  }

  return {
    fetch(request) {
      return async (input, init) => {
        rule()
        library ??= import('undici')
        const { Dispatcher1Wrapper } = await library
        const given = input instanceof Request ? input : undefined
        const url = new URL(given?.url ?? String(input))
        const signal = init?.signal ?? given?.signal
        const follows = (init?.redirect ?? given?.redirect ?? 'follow') === 'follow'
        const call: Call = { request, follows, signal, away: false }
        const refusal = refuseUrl(url, request.trust === 'content')
        if (refusal) throw await refuse(call, url, refusal)
        const dispatcher = new Dispatcher1Wrapper({
          dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) {
            // Not at once: `fetch` is not ready for an answer before it has asked.
            const asked = Promise.resolve().then(() => hop(call, options, handler))
            asked.catch(error => {
              if (error instanceof AppError) call.error ??= error
              handler.onResponseError?.(null as unknown as Dispatcher.DispatchController, error as Error)
            })
            return true
          },
        } as Dispatcher)
        try {
          return await globalThis.fetch(input, { ...init, dispatcher } as unknown as RequestInit)
        } catch (error) {
          throw call.error ?? error
        }
      }
    },
    async connect(request, { host, port }, signal) {
      const { rules, ledger } = rule()
      library ??= import('undici')
      const undici = await library
      const url = new URL(`http://${host.includes(':') ? `[${host}]` : host}:${port}`)
      const call: Call = { request, follows: false, signal, away: false }
      const toPublic = request.trust === 'content'
      const refusal = refuseUrl(url, toPublic)
      if (refusal) throw await refuse(call, url, refusal)
      const entry = entryFor(call, url)
      const begun = ledger.begin(entry)
      begun.catch(() => {})
      const here = await rules.policy(request)
      const reach: Reach = here ? 'loopback' : toPublic ? 'public' : 'any'
      if (isBeyond(url, reach) || (here && toPublic)) throw await refuse(call, url, here ?? 'not-public', entry)
      await begun
      const tally: Tally = createTally(entry, outcome => {
        tallies.delete(tally)
        finish(tally, entry, outcome)
      })
      watch(tally, entry)
      tallies.add(tally)
      // Proxies are for the web: hardly one opens a tunnel to a port of mail.
      const connect = createConnect({ undici, lookup, proxyOf: () => undefined }, { reach, pinned: false })
      try {
        signal?.throwIfAborted()
        const socket = await new Promise<Socket>((resolve, reject) => {
          connect(
            { protocol: 'http:', hostname: url.hostname, host: `${url.hostname}:${port}`, port: String(port) },
            (error, connected) => (connected ? resolve(connected as Socket) : reject(error)),
          )
        })
        const connection = tally.opened(socket)
        if (closed || signal?.aborted) tally.cut()
        signal?.throwIfAborted()
        return connection
      } catch (error) {
        tally.fail(error as Error)
        throw error
      }
    },
    govern(rules) {
      governed = { rules, ledger: createLedgerWriter({ write: (entries, how) => rules.write(entries, how), log }) }
    },
    async close() {
      closed = true
      clearInterval(beat)
      for (const tally of tallies) tally.cut()
      await Promise.all([...pools.values()].map(pool => pool.destroy()))
      await governed?.ledger.flush()
    },
  }
}

/** As a proxy takes it that has no tunnel: with the whole address in its first line. */
function throughProxy(
  options: Dispatcher.DispatchOptions,
  url: URL,
  { origin, authorization }: { origin: string; authorization?: string },
): Dispatcher.DispatchOptions {
  const headers = {
    ...(options.headers as Record<string, string>),
    host: url.host,
    ...(authorization && { 'proxy-authorization': authorization }),
  }
  return { ...options, origin, path: `${url.origin}${options.path}`, headers }
}

/** `fetch` itself leaves out `authorization` and cookies alone. */
function onlyHarmless(headers: Dispatcher.DispatchOptions['headers']): Record<string, string> {
  return Object.fromEntries(Object.entries(headers as Record<string, string>).filter(([name]) => harmless.test(name)))
}
