import type { LedgerEntry, LedgerFilter } from '../../shared/model/index.ts'
import type { Context } from '../context.ts'
import { isoTime, ledgerLines, toApiEntry } from '../ledger-lines.ts'
import { type Library, withLibrary } from '../library.ts'
import { usageError } from '../present.ts'
import { table } from '../table.ts'
import { safe } from '../text.ts'

/** Entries that are shown to people, and that one JSON object holds; `--csv` has them all. */
const mostShown = 20
const mostJson = 10_000

/** What left this machine, and what was refused. */
export async function showLedger(context: Context, options: { since?: string; csv?: boolean }): Promise<void> {
  const { terminal, translate } = context
  if (options.csv && context.json) throw usageError(translate('cli.usage.csv'))
  const from = options.since === undefined ? undefined : sinceOf(context, options.since)
  await withLibrary(context, {}, async library => {
    const { core, userId, project } = library
    const filter = {
      installation: true,
      ...(from !== undefined && { from }),
      ...(context.options.project !== undefined && { projectId: project.id }),
    }
    if (options.csv) {
      for await (const line of ledgerLines(core.ledger.all(userId, filter), 'csv')) terminal.out(line.trimEnd())
      return
    }
    const sums = await core.ledger.sums(userId, filter)
    const { entries, complete } = await take(library, filter, context.json ? mostJson : mostShown)
    if (context.json) {
      const shown = entries.map(toApiEntry).map(entry => ({
        ...entry,
        startedAt: isoTime(entry.startedAt),
        endedAt: entry.endedAt === null ? null : isoTime(entry.endedAt),
      }))
      terminal.json({ sums: sums.map(sum => ({ ...sum, last: isoTime(sum.last) })), entries: shown, complete })
      return
    }
    if (entries.length === 0) {
      terminal.out(translate('cli.ledger.none'))
      return
    }
    const number = new Intl.NumberFormat(translate.language)
    const time = new Intl.DateTimeFormat(translate.language, { dateStyle: 'short', timeStyle: 'medium' })
    const head = (['host', 'purpose', 'requests', 'refused', 'sent', 'received'] as const).map(key =>
      translate(`cli.ledger.${key}`),
    )
    const rows = sums.map(sum => [
      safe(sum.host),
      translate(`cli.ledger.for.${sum.purpose}`),
      ...[sum.requests, sum.refused, sum.sent, sum.received].map(value => number.format(value)),
    ])
    for (const line of table(terminal, head, rows, { right: [2, 3, 4, 5] })) terminal.out(line)
    terminal.out()
    terminal.out(translate(complete ? 'cli.ledger.all' : 'cli.ledger.latest', { count: entries.length }))
    for (const entry of entries)
      terminal.out(`${time.format(entry.startedAt)}  ${lineOf(context, entry, value => number.format(value))}`)
  })
}

function lineOf({ translate }: Context, entry: LedgerEntry, format: (value: number) => string): string {
  const { purpose, host, port, outcome, why } = entry
  const what = `${translate(`cli.ledger.for.${purpose}`)}  ${safe(host)}:${port}`
  const bytes = translate('cli.ledger.bytes', { sent: format(entry.sent), received: format(entry.received) })
  const end = translate(`cli.ledger.outcome.${outcome}`)
  return [
    what,
    ...(outcome === 'refused' ? [] : [bytes]),
    why ? `${end}: ${translate(`cli.ledger.why.${why}`)}` : end,
  ].join('  ')
}

async function take({ core, userId }: Library, filter: LedgerFilter, most: number) {
  const entries: LedgerEntry[] = []
  for await (const entry of core.ledger.all(userId, filter)) {
    if (entries.length === most) return { entries, complete: false }
    entries.push(entry)
  }
  return { entries, complete: true }
}

const units = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const

/** `30m`, `24h`, `7d`, `2w`, or a day or a moment as ISO 8601 writes it; without a zone it is this machine's. */
function sinceOf({ translate }: Context, text: string): number {
  const [, count, unit] = /^(\d{1,6})([mhdw])$/.exec(text.trim()) ?? []
  if (unit !== undefined) return Math.max(0, Date.now() - Number(count) * units[unit as keyof typeof units])
  const iso = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?$/.test(text.trim())
  // A day alone would be read as one of UTC.
  const time = iso ? Date.parse(text.trim().length === 10 ? `${text.trim()}T00:00` : text.trim()) : Number.NaN
  if (Number.isNaN(time)) throw usageError(translate('cli.usage.since'))
  return Math.max(0, time)
}
