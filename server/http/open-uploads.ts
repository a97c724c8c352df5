import type { Request, RequestHandler } from 'express'
import { AppError } from '../../shared/errors.ts'

/** Uploads that are still coming: at a server's end, nobody waits for their rest. */
export interface OpenUploads {
  /** Remembers the request until it has come, or is answered. */
  keep: RequestHandler
  /** Ends them as if their clients had gone away, only that these are still there to hear why. May be called again. */
  refuse(): void
}

export function createOpenUploads(): OpenUploads {
  const open = new Set<Request>()
  return {
    keep(req, res, next) {
      const forget = () => void open.delete(req)
      open.add(req)
      // Whoever reads hears of the refusal as of a broken connection; when nobody reads yet it must harm nobody.
      req.on('error', () => {})
      req.once('end', forget)
      res.once('close', forget)
      next()
    },
    refuse() {
      for (const req of open) req.emit('error', new AppError('server-stopping'))
    },
  }
}
