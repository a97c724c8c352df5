import { useState } from 'react'
import type { ApiLedgerSum } from '../../shared/api/index.ts'
import { Button } from '../parts/button.tsx'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'
import { isLoopback } from './loopback.ts'

const firstShown = 10

/** The same by host and purpose, most bytes first. */
export function LedgerSums({ sums }: { sums: readonly ApiLedgerSum[] }) {
  const words = useWords()
  const [all, setAll] = useState(false)
  const shown = all ? sums : sums.slice(0, firstShown)
  return (
    <Section title={words('ledger.sums')}>
      <ul aria-label={words('ledger.sums')} className="mt-3 divide-y divide-line border-y border-line">
        {shown.map(({ host, purpose, requests, failed, refused, sent, received }) => (
          <li
            key={`${host} ${purpose}`}
            data-sum={host}
            className="flex flex-wrap items-baseline gap-x-6 gap-y-1 py-2.5 text-sm"
          >
            <div className="min-w-0 grow basis-60 max-sm:basis-full">
              <p className="font-medium wrap-anywhere">
                {host}
                {isLoopback(host) && <span className="font-normal text-soft"> · {words('ledger.stays')}</span>}
              </p>
              <p className="text-soft">
                {[
                  words(`ledger.purposes.${purpose}`),
                  ...(failed > 0 ? [words('ledger.ofFailed', { count: failed })] : []),
                  ...(refused > 0 ? [words('ledger.ofRefused', { count: refused })] : []),
                ].join(' · ')}
              </p>
            </div>
            <dl className="grid grid-cols-3 gap-x-4 tabular-nums max-sm:w-full sm:w-96 sm:text-right">
              <Figure label={words('ledger.requests')}>{words.number(requests)}</Figure>
              <Figure label={words('ledger.sent')}>{words.size(sent)}</Figure>
              <Figure label={words('ledger.received')}>{words.size(received)}</Figure>
            </dl>
          </li>
        ))}
      </ul>
      {shown.length < sums.length && (
        <Button className="mt-3" onClick={() => setAll(true)}>
          {words('ledger.allHosts', { count: sums.length })}
        </Button>
      )}
    </Section>
  )
}

function Figure({ label, children }: { label: string; children: string }) {
  return (
    <div>
      <dt className="text-xs text-soft">{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}
