/** The bytes of a blob, to the store and back, over connections that end whenever they like. */
import { open } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../errors.ts'
import { attempts, isOther, type Part, type S3Requests } from './s3-requests.ts'

/** S3's own limits: no part but the last may be smaller, and there are no more. */
const leastPart = 5 * 1024 ** 2
const mostParts = 10_000
/** Parts on their way at the same time, each held in memory. */
const atOnce = 3
/** Bytes that arrived since the last failure, after which failures are counted anew. */
const progress = 1024 ** 2

/**
 * Sends a file: whole up to 10 MiB, in parts above. An object is there when all of it is: a store takes a request whose
 * body fits the length and the hash it is signed with, and parts become an object by one last request.
 */
export async function upload(
  requests: S3Requests,
  { hash, path, size }: { hash: string; path: string; size: number },
  signal?: AbortSignal,
): Promise<void> {
  const partSize = Math.max(leastPart, Math.ceil(size / mostParts))
  const file = await open(path, 'r')
  try {
    const read = async (at: number, length: number) => {
      const bytes = Buffer.allocUnsafe(length)
      for (let done = 0; done < length; ) {
        const { bytesRead } = await file.read(bytes, done, length - done, at + done)
        if (bytesRead === 0) throw new AppError('blob-damaged')
        done += bytesRead
      }
      return bytes
    }
    if (size <= 2 * partSize) return await requests.put(hash, await read(0, size), signal)

    const upload = await requests.beginParts(hash, signal)
    const failing = new AbortController()
    const ending = signal ? AbortSignal.any([signal, failing.signal]) : failing.signal
    const parts: Part[] = []
    let next = 0
    const sendParts = async () => {
      while (next * partSize < size && !ending.aborted) {
        const at = next++
        const bytes = await read(at * partSize, Math.min(partSize, size - at * partSize))
        parts[at] = await requests.putPart(hash, upload, at + 1, bytes, ending)
      }
    }
    let failure: unknown
    const failed = (error: unknown) => {
      failure ??= error
      failing.abort()
    }
    await Promise.all(Array.from({ length: atOnce }, () => sendParts().catch(failed)))
    if (failure === undefined && !signal?.aborted) await requests.endParts(hash, upload, parts, signal).catch(failed)
    if (signal?.aborted) failure ??= new AppError('cancelled')
    if (failure !== undefined) {
      // Parts that stay behind cost room and are seen by nobody; the bucket's own rules take them if this fails too.
      void requests.dropParts(hash, upload).catch(() => {})
      throw failure
    }
  } finally {
    await file.close()
  }
}

/** The bytes of an object; goes on where a connection broke off. What they are, the reader finds out by their hash. */
export async function* download(requests: S3Requests, hash: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let at = 0
  let tag: string | undefined
  let failures = 0
  let failedAt = 0
  for (;;) {
    try {
      const found = await requests.get(hash, { at, ...(tag && { tag }) }, signal)
      if (found.start > at) throw new AppError('blob-damaged')
      tag = found.tag
      let skip = at - found.start
      const { body } = found
      const watch = setTimeout(
        () => body.destroy(Object.assign(new Error('silent'), { code: 'ETIMEDOUT' })),
        requests.silence,
      )
      try {
        for await (const chunk of body) {
          watch.refresh()
          const bytes: Uint8Array = chunk
          const rest = skip > 0 ? bytes.subarray(Math.min(skip, bytes.byteLength)) : bytes
          skip -= bytes.byteLength - rest.byteLength
          at += rest.byteLength
          if (rest.byteLength > 0) yield rest
          watch.refresh()
        }
      } finally {
        clearTimeout(watch)
        body.destroy()
      }
      return
    } catch (thrown) {
      if (signal.aborted) throw new AppError('cancelled')
      const error = requests.failed(thrown)
      // Changed meanwhile, or shorter than what came of it.
      if (isOther(error)) throw new AppError('blob-damaged')
      if (error.code !== 'blob-store-unreachable') throw error
      if (at - failedAt >= progress) failures = 0
      failedAt = at
      if (++failures >= attempts) throw error
      await pause(100 * 2 ** failures, undefined, { signal }).catch(() => {})
    }
  }
}
