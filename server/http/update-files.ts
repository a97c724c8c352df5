/**
 * Files of the channel of updates, for the desktop's main process: fetched through the gate, so that each stands in the ledger and none is
 * fetched where nothing may leave. What they are worth, the main process finds out; here nothing is kept.
 */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { RequestHandler } from 'express'
import { AppError, toAppError } from '../../shared/errors.ts'
import { leaving } from './deadlines.ts'

export interface UpdateFilesSettings {
  /** Where a channel's files lie, as the build has it. */
  channel: string
  /** The gate's, for updates. */
  fetch: typeof fetch
}

/** One file of one folder, of the kinds that there are: nobody gets anywhere else by this way. */
const plain = /^[A-Za-z0-9][\w .+-]{0,200}\.(?:yml|yml\.sig|exe|exe\.blockmap|zip|zip\.blockmap|dmg|AppImage|deb)$/
/** What goes to the channel and what comes from it, of what they say. */
const asked = ['range', 'if-range'] as const
const told = ['content-type', 'content-length', 'content-range', 'accept-ranges', 'etag', 'last-modified'] as const
const passed = [200, 206, 404, 416]

/** Answers `GET …/NAME`. Throws `setting-invalid` for a channel that is no address. */
export function createUpdateFiles({ channel, fetch }: UpdateFilesSettings): RequestHandler {
  const base = URL.parse(channel.replace(/\/*$/, '/'))
  if (!base || !/^https?:$/.test(base.protocol) || base.username !== '' || base.password !== '' || base.search !== '')
    throw new AppError('setting-invalid', {
      variable: 'UPDATE_CHANNEL',
      given: channel.slice(0, 80),
      allowed: 'https://…',
    })
  return async (req, res) => {
    const name = nameIn(req.path)
    if (name === undefined) throw new AppError('route-not-found')
    const headers = new Headers({ 'Cache-Control': 'no-cache' })
    for (const header of asked) {
      const value = req.get(header)
      if (value !== undefined) headers.set(header, value)
    }
    const signal = leaving(res)
    const answer = await fetch(new URL(encodeURIComponent(name), base), { headers, signal }).catch(error => {
      signal.throwIfAborted()
      throw toAppError(error).code === 'internal'
        ? new AppError('update-unreachable', { host: base.host }, { cause: error })
        : error
    })
    if (!passed.includes(answer.status)) {
      await answer.body?.cancel()
      throw new AppError('update-unavailable', { status: answer.status })
    }
    res.status(answer.status)
    for (const header of told) {
      const value = answer.headers.get(header)
      // What was packed for the way is unpacked here, and longer.
      const unpacked = header === 'content-length' && answer.headers.has('content-encoding')
      if (value !== null && !unpacked) res.setHeader(header, value)
    }
    if (!answer.body) {
      res.end()
      return
    }
    await pipeline(Readable.fromWeb(answer.body), res, { signal }).catch(() => res.destroy())
  }
}

function nameIn(path: string): string | undefined {
  try {
    const name = decodeURIComponent(path.replace(/^\//, ''))
    return plain.test(name) ? name : undefined
  } catch {
    return undefined
  }
}
