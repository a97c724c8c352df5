import type { ApiLedgerEntry } from '../../shared/api/index.ts'
import { useWords } from '../words.tsx'
import { isLoopback } from './loopback.ts'

const ends = { done: 'text-soft', open: 'text-accent', failed: 'text-danger', refused: 'text-danger' } as const

/** One connection: when, where to, what for, how much, and how it ended. */
export function LedgerRow({ entry, project }: { entry: ApiLedgerEntry; project: string | undefined }) {
  const words = useWords()
  const { startedAt, host, port, address, purpose, sent, received, outcome, why } = entry
  const usual = port === 443 || port === 80
  return (
    <li data-entry={outcome} className="flex flex-wrap items-baseline gap-x-6 gap-y-1 py-2.5 text-sm">
      <div className="min-w-0 grow basis-60 max-sm:basis-full">
        <p className="font-medium wrap-anywhere">
          {host}
          {!usual && <span className="font-normal text-soft">:{port}</span>}
          {isLoopback(host) && <span className="font-normal text-soft"> · {words('ledger.stays')}</span>}
        </p>
        <p className="text-soft wrap-anywhere">
          {[
            words(`ledger.purposes.${purpose}`),
            ...(project !== undefined ? [words.projectName(project)] : []),
            ...(address && address !== host ? [address] : []),
          ].join(' · ')}
        </p>
      </div>
      <div className="text-soft sm:basis-72">
        <p>
          <time dateTime={new Date(startedAt).toISOString()}>{words.instant(startedAt)}</time>
        </p>
        <p>
          {outcome === 'refused'
            ? words('ledger.nothingLeft')
            : words('ledger.bytes', { sent: words.size(sent), received: words.size(received) })}
        </p>
      </div>
      <p className={`sm:basis-44 ${ends[outcome]}`}>
        {words(`ledger.outcomes.${outcome}`)}
        {why && <span className="block text-xs text-soft">{words(`ledger.why.${why}`)}</span>}
      </p>
    </li>
  )
}
