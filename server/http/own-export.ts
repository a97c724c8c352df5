import { pipeline } from 'node:stream/promises'
import type { RequestHandler } from 'express'
import type { Core } from '../../shared/core.ts'
import type { Log } from '../../shared/ports.ts'
import type { Accounts } from '../auth/accounts.ts'
import { exportOf } from '../export/write.ts'
import { leaving } from './deadlines.ts'
import { whoAsks } from './identity.ts'

/** Everything that is the caller's own, read as the client takes it. */
export function createOwnExport({
  core,
  accounts,
  log,
  version,
  stopping,
}: {
  core: Core
  log: Log
  accounts?: Accounts
  version: string
  stopping: AbortSignal
}): RequestHandler {
  return async (req, res) => {
    const { userId } = whoAsks(res)
    const known = accounts && (await accounts.people.byId(userId))
    const account = known ? await accounts.people.account(userId) : { id: userId }
    res.setHeader('Content-Type', 'application/zip')
    res.setHeader('Content-Disposition', 'attachment; filename="cloister-export.zip"')
    if (req.method === 'HEAD') {
      res.end()
      return
    }
    const address = req.ip ?? null
    await core.audit.note({ actorId: userId, ownerId: userId, action: 'account.export', objectId: userId, address })
    // Answered meanwhile, as the session ended, or gone: an archive that goes nowhere would be held open, unread, for good.
    if (res.writableEnded || res.destroyed) return
    res.flushHeaders()
    const signal = AbortSignal.any([leaving(res), stopping])
    await pipeline(exportOf({ core, userId, version, account }, signal), res).catch(error => {
      // Whoever went away in the middle misses nothing; an archive that ends early must not look whole.
      if (!signal.aborted) log.error('an export broke off', { userId, error })
      res.destroy()
    })
  }
}
