/** The ledger as the server, its export and the command line show it. */
import type { ApiLedgerEntry } from '../shared/api/index.ts'
import type { EgressOutcome, LedgerEntry, LedgerFilter, LedgerPurpose } from '../shared/model/index.ts'

export type LedgerFormat = 'csv' | 'jsonl'

export function toApiEntry({ userId, ...entry }: LedgerEntry): ApiLedgerEntry {
  return { ...entry, own: userId !== null }
}

/** What the contract's filter asks for. */
export function toFilter({
  purpose,
  outcome,
  ...rest
}: {
  from?: number | undefined
  to?: number | undefined
  projectId?: string | undefined
  host?: string | undefined
  purpose?: LedgerPurpose | LedgerPurpose[] | undefined
  outcome?: EgressOutcome | EgressOutcome[] | undefined
}): LedgerFilter {
  const { from, to, projectId, host } = rest
  return {
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(projectId !== undefined && { projectId }),
    ...(host !== undefined && { host }),
    ...(purpose && { purposes: [purpose].flat() }),
    ...(outcome && { outcomes: [outcome].flat() }),
  }
}

const columns = [
  'startedAt',
  'endedAt',
  'purpose',
  'host',
  'port',
  'address',
  'sent',
  'received',
  'outcome',
  'why',
  'own',
  'projectId',
  'id',
] as const

export const mediaTypes: Record<LedgerFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/jsonl; charset=utf-8',
}

/** The lines of an export, each with its end: of a table its head first. Times are ISO 8601, in UTC. */
export async function* ledgerLines(
  entries: AsyncIterable<LedgerEntry>,
  format: LedgerFormat,
): AsyncGenerator<string, void> {
  if (format === 'csv') yield `${columns.join(',')}\r\n`
  for await (const entry of entries) {
    const { startedAt, endedAt, ...plain } = toApiEntry(entry)
    const row = { ...plain, startedAt: isoTime(startedAt), endedAt: endedAt === null ? null : isoTime(endedAt) }
    yield format === 'csv' ? `${columns.map(column => cell(row[column])).join(',')}\r\n` : `${JSON.stringify(row)}\n`
  }
}

export function isoTime(time: number): string {
  return new Date(time).toISOString()
}

/** RFC 4180; a host that begins as a formula does (`=…` is one that a URL may have) is kept from being one. */
function cell(value: string | number | boolean | null): string {
  const text = String(value ?? '')
  const harmless = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
