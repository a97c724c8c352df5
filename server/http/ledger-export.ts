import { pipeline } from 'node:stream/promises'
import type { RequestHandler } from 'express'
import { ledgerExport } from '../../shared/api/ledger.ts'
import type { Core } from '../../shared/core.ts'
import { AppError } from '../../shared/errors.ts'
import { ledgerLines, mediaTypes, toFilter } from '../ledger-lines.ts'
import { seesInstallation, whoAsks } from './identity.ts'

/** The ledger as a file, read from the database as the client takes it. */
export function createLedgerExport({ ledger }: Pick<Core, 'ledger'>): RequestHandler {
  return async (req, res) => {
    const who = whoAsks(res)
    const { data, error } = ledgerExport.safeParse(queryOf(req.originalUrl))
    if (!data) {
      const fields = error.issues.map(issue => issue.path.join('.') || issue.message)
      throw new AppError('input-invalid', { field: fields.join(', ').slice(0, 200) })
    }
    res.setHeader('Content-Type', mediaTypes[data.format])
    res.setHeader('Content-Disposition', `attachment; filename="cloister-ledger.${data.format}"`)
    if (req.method === 'HEAD') {
      res.end()
      return
    }
    const filter = { ...toFilter(data), installation: seesInstallation(who) }
    const lines = ledgerLines(ledger.all(who.userId, filter), data.format)
    await pipeline(lines, res).catch(error => {
      // Whoever went away in the middle misses nothing; a file that ends early must not look whole.
      if (!res.headersSent) throw error
      res.destroy()
    })
  }
}

/** A parameter that comes several times, as `purpose=a&purpose=b` or `purpose[]=a`, is a list. */
function queryOf(address: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {}
  for (const [name, value] of new URL(address, 'http://localhost').searchParams) {
    const plain = name.replace(/\[\d*\]$/, '')
    const known = Object.hasOwn(query, plain) ? query[plain] : undefined
    query[plain] = known === undefined && plain === name ? value : [known ?? [], value].flat()
  }
  return query
}
