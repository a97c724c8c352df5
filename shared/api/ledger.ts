/** What left this machine, to whom and how much of it; never what it was. */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import { egressOutcomes, ledgerPurposes } from '../model/egress.ts'
import { id, next, paging, time } from './common.ts'

export const ledgerPurpose = z.enum(ledgerPurposes)
export const egressOutcome = z.enum(egressOutcomes)
const why = z.enum([
  'offline',
  'local-only',
  'unrecorded',
  'not-public',
  'scheme',
  'credentials',
  'port',
  'redirected',
  'name-unknown',
  'unreachable',
  'tls',
  'proxy',
  'timeout',
  'cancelled',
  'broken',
  'interrupted',
])
const count = z.number().int()
const bytes = count.describe('Bytes of HTTP, head and body')

export const ledgerEntry = z.object({
  id,
  startedAt: time,
  endedAt: time.nullable().describe('Null while it is open'),
  own: z.boolean().describe('On your behalf; else the installation’s own'),
  projectId: id.nullable(),
  purpose: ledgerPurpose,
  host: z.string(),
  port: count,
  address: z.string().nullable().describe('What was connected to; behind a proxy, the proxy'),
  sent: bytes,
  received: bytes,
  outcome: egressOutcome.describe('`refused`: nothing left'),
  why: why.nullable().describe('Why it was refused, or failed'),
})

export const ledgerSum = z.object({
  host: z.string(),
  purpose: ledgerPurpose,
  requests: count,
  open: count,
  failed: count,
  refused: count,
  sent: bytes,
  received: bytes,
  last: time.describe('When the latest began'),
})

/** One, or some. */
const oneOrSome = <T extends z.ZodType>(schema: T) => z.union([schema, z.array(schema).min(1).max(20)]).optional()
const moment = z.coerce.number<number>().int().min(0)

export const ledgerFilter = {
  from: moment.optional().describe('Begun at this time or later, in milliseconds since 1970'),
  to: moment.optional().describe('Begun before this time'),
  projectId: id.optional(),
  purpose: oneOrSome(ledgerPurpose).describe('One, or some'),
  outcome: oneOrSome(egressOutcome).describe('One, or some'),
  host: z.string().min(1).max(253).optional().describe('A part of the host’s name'),
}
export const ledgerExport = z.object({ ...ledgerFilter, format: z.enum(['csv', 'jsonl']).default('csv') })

const tags = ['Ledger']

export const ledger = {
  list: oc
    .route({
      method: 'GET',
      path: '/ledger',
      summary: 'Requests that left this machine or were refused, the latest first',
      description:
        'Each stands here before its first byte leaves. The database and the store of files are named once a day, without bytes.',
      tags,
    })
    .input(z.object({ ...ledgerFilter, ...paging }))
    .output(z.object({ entries: z.array(ledgerEntry), next })),
  sums: oc
    .route({ method: 'GET', path: '/ledger/sums', summary: 'The same by host and purpose, most bytes first', tags })
    .input(z.object(ledgerFilter))
    .output(z.object({ sums: z.array(ledgerSum).describe('At most 1,000') })),
  export: oc
    .route({
      method: 'GET',
      path: '/ledger/export',
      summary: 'All of them as a file',
      description: 'A table (CSV, RFC 4180) or one JSON object a line, as an attachment.',
      tags,
    })
    .input(ledgerExport)
    .output(z.file()),
}

export type ApiLedgerEntry = z.output<typeof ledgerEntry>
export type ApiLedgerSum = z.output<typeof ledgerSum>
