/** One request for a file, or the rest of one: what the server sends, and whether it belongs to what is there. */
import { AppError, toAppError } from '../errors.ts'
import {
  differ,
  isChanged,
  isEncoded,
  lengthOf,
  linkedOf,
  rangeOf,
  refusal,
  retryAfter,
  type Said,
  saidOf,
  totalOf,
} from './download-answer.ts'
import type { Part } from './download-part.ts'
import { hostOf, isAtHub, type Source, type Trust } from './download-source.ts'
import { type DownloadState, sizeOf } from './download-state.ts'
import { tooLarge } from './files.ts'

/** Of the shape of WHATWG's; what it may reach, and through what, is its own affair. */
export type Fetch = (
  url: string,
  init: { method: 'GET' | 'HEAD'; headers: Record<string, string>; redirect: 'follow' | 'manual'; signal: AbortSignal },
) => Promise<Response>

export type Outcome =
  /** All that the answer promised is there; by itself that proves nothing. */
  | { type: 'ended' }
  /** It broke off, was not begun, or dripped (`slow`); `after`: milliseconds that the server wants to be left alone. */
  | { type: 'cut'; error: AppError; after?: number; slow?: boolean }
  /** These bytes are not those of the file; `mixed`: some of them are among those that are there. */
  | { type: 'wrong'; error: AppError; mixed: boolean }
  /** Nor will it be otherwise when it is asked again. */
  | { type: 'refused'; error: AppError }
  /** It is another file than before. What is there was thrown away. */
  | { type: 'changed' }
  /** It was asked to go on and answered something else. */
  | { type: 'no-ranges' }

export interface Work {
  part: Part
  partFile: string
  /** `linked` and `said` are kept up to date here. */
  state: DownloadState
  fetchOf(trust: Trust): Fetch
  /** See `gguf/check-beginning.ts`. */
  checkBeginning(file: string, name: string, size: number): Promise<boolean>
  /** Throws `disk-full` where so many bytes more find no room. */
  demandSpace(bytes: number): Promise<void>
  /** Bytes of a model, at most. */
  limit: number
  /** Milliseconds without a byte after which a connection is given up. */
  stall: number
  /** Milliseconds over which less than `slowest` is left for another source. */
  drip: number
  signal: AbortSignal
  /** Bytes came. */
  progress(bytes: number): void
  /**
   * What is there is thrown away: it is another file now, or this source gives the whole again and again without a word that
   * would tell whether it is the same. Throws when that happens too often.
   */
  anew(why: 'changed' | 'untold'): void
}

/** Bytes after which the header is looked at again, where it was not all there: doubled each time. */
const firstLook = 256 * 1024
/** Bytes in a second, below which a source is left for another one: a model of 400 MB would take half a day. */
const slowest = 10_000

/**
 * `ranges`: whether it is worth asking for the rest only; `others`: whether there is another source to be tried. Throws what is wrong here: a full disk, `model-too-large`, `cancelled`.
 */
export async function attempt(
  work: Work,
  source: Source,
  { ranges, others }: { ranges: boolean; others: boolean },
): Promise<Outcome> {
  const host = hostOf(source.url)
  const line = createLine(work.signal, work.stall, () => new AppError('download-unreachable', { host }))
  try {
    return await ask(work, source, { ranges, others }, line)
  } catch (error) {
    work.signal.throwIfAborted()
    if (!(error instanceof Broken)) throw error
    const { cause } = error
    if (cause instanceof AppError && cause.code === 'egress-refused') return { type: 'refused', error: cause }
    return {
      type: 'cut',
      error: cause instanceof AppError ? cause : new AppError('download-unreachable', { host }, { cause }),
    }
  } finally {
    // Whatever of the answer nobody read stays where it is.
    line.end()
  }
}

async function ask(
  work: Work,
  source: Source,
  { ranges, others }: { ranges: boolean; others: boolean },
  line: Line,
): Promise<Outcome> {
  const { part, state } = work
  const { wanted } = state
  const host = hostOf(source.url)
  const fetch = work.fetchOf(source.trust)
  const wrong = () => new AppError('download-wrong', { host, name: state.name })

  const linked = isAtHub(source.url) ? await askHub(fetch, source.url, line) : undefined
  if (linked) {
    const known = state.linked
    const other = known !== null && known.sha256 !== linked.sha256
    const refused = differ(wanted.sha256, linked.sha256) || differ(wanted.size, linked.size)
    // Who was asked first is believed; that one may say something new later.
    if (refused || (other && known.url !== source.url)) return { type: 'refused', error: wrong() }
    if (other) await forget(work, 'changed')
    if (other || known === null) state.linked = { url: source.url, ...linked }
    if (other) return { type: 'changed' }
  }
  const hashed = wanted.sha256 !== null || state.linked !== null
  const size = wanted.size ?? state.linked?.size ?? null
  // A tag is one server's word of one file; behind a hub, which says a checksum, that server is another one each time.
  const sameServer = state.said?.url === source.url && !linked
  const before: Said = { size: state.said?.size ?? null, etag: sameServer ? (state.said?.etag ?? null) : null }
  if (part.length > 0 && !hashed && before.etag === null) await forget(work, 'untold')
  if (size !== null) await demandRoom(work, size)

  const offset = part.length
  const partly = offset > 0 && ranges
  const response = await line.wait(
    fetch(source.url, {
      method: 'GET',
      redirect: 'follow',
      signal: line.signal,
      headers: {
        // The bytes of the file itself, so that places in it mean what they say.
        'accept-encoding': 'identity',
        ...(partly && { range: `bytes=${offset}-` }),
        ...(partly && before.etag !== null && { 'if-range': before.etag }),
      },
    }),
  )
  const { status, headers } = response

  if (status === 416 && partly) {
    const total = totalOf(headers.get('content-range'))
    if (total === null || !differ(before.size, total)) return { type: 'no-ranges' }
    await forget(work, 'changed')
    return { type: 'changed' }
  }
  if (status === 206 && partly) {
    const range = rangeOf(headers.get('content-range'))
    if (range?.start !== offset || isEncoded(headers)) return { type: 'no-ranges' }
    const now = saidOf(headers, range.total)
    if (differ(size, now.size)) return { type: 'wrong', error: wrong(), mixed: false }
    if (isChanged(before, now, hashed)) {
      await forget(work, 'changed')
      return { type: 'changed' }
    }
    return await take(now, { from: offset, end: range.end + 1 })
  }
  if (status === 200) {
    if (/^text\/html\b/i.test(headers.get('content-type')?.trim() ?? ''))
      return { type: 'wrong', error: new AppError('download-no-model', { host }), mixed: false }
    const now = saidOf(headers, lengthOf(headers))
    if (differ(size, now.size)) return { type: 'wrong', error: wrong(), mixed: false }
    // The whole file again. Where it is the same, what is there stays, and as much of the answer is passed over.
    if (offset > 0 && isChanged(before, now, hashed)) await forget(work, 'changed')
    return await take(now, { from: 0, end: size ?? now.size ?? Number.POSITIVE_INFINITY })
  }
  const { error, passing } = refusal(status, host)
  return passing ? { type: 'cut', error, after: retryAfter(headers) } : { type: 'refused', error }

  async function take(now: Said, range: Range): Promise<Outcome> {
    const known = size ?? now.size ?? (part.length > 0 ? before.size : null)
    if (known !== null) await demandRoom(work, known)
    state.said = { url: source.url, size: known, etag: linked ? null : now.etag }
    // Without a checksum, another one could not go on with what is there.
    return await read(work, response, { line, range, leaving: others && hashed })
  }
}

/** Bytes of the file, from the first to before the last. */
interface Range {
  from: number
  end: number
}

/** What the hub says of the file before it sends on to where the bytes lie. */
async function askHub(fetch: Fetch, url: string, line: Line): Promise<ReturnType<typeof linkedOf>> {
  let at = url
  // A repository that was renamed sends on within its host; whoever is sent to another one is at the bytes.
  for (let hops = 0; hops < 4; hops++) {
    const headers = { 'accept-encoding': 'identity' }
    const response = await line.wait(fetch(at, { method: 'HEAD', redirect: 'manual', headers, signal: line.signal }))
    await response.body?.cancel()
    const said = linkedOf(response.headers)
    const next = response.headers.get('location')
    if (said || response.status < 300 || response.status >= 400 || next === null) return said
    if (!URL.canParse(next, at) || new URL(next, at).origin !== new URL(url).origin) return undefined
    at = new URL(next, at).href
  }
  return undefined
}

/** The bytes of the answer; those that are there are passed over. */
async function read(
  work: Work,
  { body }: Response,
  { line, range: { from, end }, leaving }: { line: Line; range: Range; leaving: boolean },
): Promise<Outcome> {
  const { part, state } = work
  const host = state.said ? hostOf(state.said.url) : ''
  if (!body) return { type: 'cut', error: new AppError('download-unreachable', { host }) }
  const reader = body.getReader()
  const look = createLook(work)
  let at = from
  const drips = createDrip(work.drip)
  let mixed = false
  for (;;) {
    const { done, value } = await line.wait(reader.read())
    if (done) break
    if (drips(value.length) && leaving)
      return { type: 'cut', error: new AppError('download-unreachable', { host }), slow: true }
    if (at + value.length > end)
      return { type: 'wrong', error: new AppError('download-wrong', { host, name: state.name }), mixed }
    const fresh = value.subarray(Math.min(value.length, Math.max(0, part.length - at)))
    at += value.length
    if (fresh.length === 0) {
      work.progress(value.length)
      continue
    }
    if (part.length + fresh.length > work.limit) throw tooLarge(state.name, work.limit)
    mixed = true
    await part.write(fresh)
    work.progress(value.length)
    const problem = await look()
    if (problem) return { type: 'wrong', error: problem, mixed }
    work.signal.throwIfAborted()
  }
  if (Number.isFinite(end) && at < end) return { type: 'cut', error: new AppError('download-unreachable', { host }) }
  return { type: 'ended' }
}

/** Whether fewer bytes came in this time than from a source that is worth waiting for. */
function createDrip(time: number): (bytes: number) => boolean {
  let since = performance.now()
  let came = 0
  return bytes => {
    came += bytes
    const now = performance.now()
    if (now - since < time) return false
    const slow = came < (slowest * (now - since)) / 1000
    since = now
    came = 0
    return slow
  }
}

/** Whether what is there begins as a model does: 20 GB of something else are not waited for. */
function createLook({ part, partFile, state, checkBeginning }: Work): () => Promise<AppError | undefined> {
  const size = sizeOf(state) ?? Number.POSITIVE_INFINITY
  let next = 4
  let sound = false
  return async () => {
    if (sound || part.length < next) return undefined
    next = Math.max(firstLook, 2 * part.length)
    try {
      sound = await checkBeginning(partFile, state.name, size)
      return undefined
    } catch (error) {
      const known = toAppError(error)
      if (known.code === 'model-invalid' || known.code === 'model-unsupported') return known
      throw error
    }
  }
}

async function demandRoom({ part, state, limit, demandSpace }: Work, size: number): Promise<void> {
  if (size > limit) throw tooLarge(state.name, limit)
  await demandSpace(Math.max(0, size - part.length))
}

async function forget({ part, state, anew }: Work, why: 'changed' | 'untold'): Promise<void> {
  state.said = null
  await part.empty()
  anew(why)
}

/** What went wrong on the way, as against what went wrong here. */
class Broken extends Error {}

type Line = ReturnType<typeof createLine>

/** A connection that is waited for only so long without a word. */
function createLine(outer: AbortSignal, stall: number, stalled: () => AppError) {
  const control = new AbortController()
  return {
    signal: AbortSignal.any([outer, control.signal]),
    async wait<T>(promise: Promise<T>): Promise<T> {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          const error = stalled()
          reject(error)
          control.abort(error)
        }, stall)
      })
      try {
        return await Promise.race([promise, late])
      } catch (cause) {
        throw new Broken('', { cause })
      } finally {
        clearTimeout(timer)
      }
    },
    end: () => control.abort(),
  }
}
