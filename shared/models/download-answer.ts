/** What the answer of a server says about the file it is to send. Pure. */
import { AppError } from '../errors.ts'

/** Null where it says nothing. */
export interface Said {
  /** Bytes of the whole file. */
  size: number | null
  /** A strong one, with its quotes: the same letters, the same bytes. */
  etag: string | null
}

/** A weak one (`W/"…"`) says that two files mean the same, not that their bytes are: with it nothing may be joined. */
export function strongTag(header: string | null): string | null {
  const tag = header?.trim() ?? ''
  // Source: RFC 9110, 8.8.3.
  return /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag) ? tag : null
}

/** Of `Content-Range: bytes 100-199/1000`; the total is null where it is `*`. Undefined for anything else. */
export function rangeOf(header: string | null): { start: number; end: number; total: number | null } | undefined {
  const [, first, last, all] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header?.trim() ?? '') ?? []
  if (first === undefined) return undefined
  const [start, end, total] = [Number(first), Number(last), all === '*' ? null : Number(all)]
  return start <= end && (total === null || end < total) ? { start, end, total } : undefined
}

/** Of the `Content-Range` of a 416, which names the total alone. */
export function totalOf(header: string | null): number | null {
  const all = /^bytes \*\/(\d{1,15})$/.exec(header?.trim() ?? '')?.[1]
  return all === undefined ? null : Number(all)
}

/** Whether the bytes on the way are not those of the file (gzip): its length and its places are another's then. */
export function isEncoded(headers: Headers): boolean {
  return !/^(?:identity)?$/i.test(headers.get('content-encoding')?.trim() ?? '')
}

/** What an answer says that sends the file itself. */
export function saidOf(headers: Headers, total: number | null): Said {
  const encoded = isEncoded(headers)
  return encoded ? { size: null, etag: null } : { size: total, etag: strongTag(headers.get('etag')) }
}

export function lengthOf(headers: Headers): number | null {
  const text = headers.get('content-length')?.trim() ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}

/**
 * What a hub of models says before it sends on to where the bytes lie; undefined where it says no SHA-256, as of small files
 * kept in its repository itself. Source: `huggingface_hub`, `get_hf_file_metadata` in file_download.py (X-Linked-Etag, X-Linked-Size).
 */
export function linkedOf(headers: Headers): { sha256: string; size: number | null } | undefined {
  const sha256 = /^(?:W\/)?"?([\da-f]{64})"?$/i.exec(headers.get('x-linked-etag')?.trim() ?? '')?.[1]?.toLowerCase()
  const size = /^\d{1,15}$/.exec(headers.get('x-linked-size')?.trim() ?? '')?.[0]
  return sha256 === undefined ? undefined : { sha256, size: size === undefined ? null : Number(size) }
}

/**
 * Whether it is another file than it was. Without a checksum, a tag that was said and is not said any more counts as a change:
 * nothing else would tell.
 */
export function isChanged(before: Said, now: Said, hashed: boolean): boolean {
  if (differ(before.size, now.size) || differ(before.etag, now.etag)) return true
  return !hashed && before.etag !== null && now.etag === null
}

/** Whether both are known, and not the same. */
export function differ<T>(a: T | null, b: T | null): boolean {
  return a !== null && b !== null && a !== b
}

/** Seconds or a date (RFC 9110, 10.2.3), in milliseconds from now; 0 where there is none. */
export function retryAfter(headers: Headers, now = Date.now()): number {
  const text = headers.get('retry-after')?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? 0 : Math.max(0, date - now)
}

/** Why a server that answered with this status sent no file, and whether it may do so later. */
export function refusal(status: number, host: string): { error: AppError; passing: boolean } {
  if (status === 404 || status === 410) return { error: new AppError('download-missing', { host }), passing: false }
  const passing = status >= 500 || status === 408 || status === 425 || status === 429
  return { error: new AppError(passing ? 'download-unreachable' : 'download-refused', { host, status }), passing }
}
