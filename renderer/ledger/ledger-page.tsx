import { useQuery } from '@tanstack/react-query'
import { Download, ShieldCheck } from 'lucide-react'
import { useId, useMemo, useState } from 'react'
import type { ApiLedgerSum } from '../../shared/api/index.ts'
import { type EgressOutcome, egressOutcomes, type LedgerPurpose, ledgerPurposes } from '../../shared/model/egress.ts'
import { useApp } from '../app-context.ts'
import { buttonLook } from '../parts/button.tsx'
import { fieldLook, Select } from '../parts/field.tsx'
import { Page } from '../parts/page.tsx'
import { Pager } from '../parts/pager.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { Section } from '../parts/section.tsx'
import { type LedgerFilter, pageSize, read } from '../queries.ts'
import { useWords } from '../words.tsx'
import { LedgerRow } from './ledger-row.tsx'
import { LedgerSums } from './ledger-sums.tsx'
import { isLoopback } from './loopback.ts'

const day = 24 * 60 * 60 * 1000
const periods = { today: 0, week: 7, month: 30 } as const
type Period = keyof typeof periods

/** What left this computer, to whom and how much of it; never what it was. */
export function LedgerPage() {
  const words = useWords()
  const { client } = useApp()
  const projects = useQuery(read.projects(client))
  const [period, setPeriod] = useState<Period | null>(null)
  const [purpose, setPurpose] = useState<LedgerPurpose | null>(null)
  const [outcome, setOutcome] = useState<EgressOutcome | null>(null)
  const [projectId, setProject] = useState<string | null>(null)
  const [host, setHost] = useState('')
  const [starts, setStarts] = useState<readonly (string | null)[]>([null])
  const filter = useMemo<LedgerFilter>(
    () => ({
      ...(period && { from: beginOf(period) }),
      ...(purpose && { purpose }),
      ...(outcome && { outcome }),
      ...(projectId && { projectId }),
      ...(host.trim() && { host: host.trim() }),
    }),
    [period, purpose, outcome, projectId, host],
  )
  const after = starts.at(-1) ?? null
  const rows = useQuery(read.ledger(client, filter, after))
  const sums = useQuery(read.ledgerSums(client, filter))
  const filtered = Object.keys(filter).length > 0
  const total = sums.data?.reduce((all, { requests }) => all + requests, 0) ?? 0
  const empty = rows.data?.entries.length === 0 && !rows.isPlaceholderData && after === null
  const anew = (act: () => void) => {
    setStarts([null])
    act()
  }
  const from = (starts.length - 1) * pageSize
  return (
    <Page
      title={words('ledger.title')}
      lead={words('ledger.lead')}
      {...(!empty && rows.data && { actions: <Exports filter={filter} /> })}
    >
      {(filtered || !empty) && rows.data && (
        <div className="mt-6 flex flex-wrap items-center gap-x-3 gap-y-2">
          <HostFilter host={host} find={value => anew(() => setHost(value))} />
          <Choice
            label={words('ledger.period')}
            all={words('ledger.always')}
            value={period}
            options={(Object.keys(periods) as Period[]).map(one => ({ value: one, label: words(`ledger.${one}`) }))}
            choose={value => anew(() => setPeriod(value))}
          />
          <Choice
            label={words('ledger.purpose')}
            all={words('ledger.allPurposes')}
            value={purpose}
            options={ledgerPurposes.map(one => ({ value: one, label: words(`ledger.purposes.${one}`) }))}
            choose={value => anew(() => setPurpose(value))}
          />
          <Choice
            label={words('ledger.outcome')}
            all={words('ledger.allOutcomes')}
            value={outcome}
            options={egressOutcomes.map(one => ({ value: one, label: words(`ledger.outcomes.${one}`) }))}
            choose={value => anew(() => setOutcome(value))}
          />
          {(projects.data?.length ?? 0) > 1 && (
            <Choice
              label={words('nav.projects')}
              all={words('ledger.allProjects')}
              value={projectId}
              options={(projects.data ?? []).map(({ id, name }) => ({ value: id, label: words.projectName(name) }))}
              choose={value => anew(() => setProject(value))}
            />
          )}
        </div>
      )}
      {rows.isError && <Problem error={rows.error} retry={() => void rows.refetch()} />}
      {rows.isPending && <Loading />}
      {empty && !filtered && (
        <div className="mt-8 flex gap-4 rounded-2xl border border-line bg-surface px-6 py-6">
          <ShieldCheck aria-hidden className="mt-1 size-6 shrink-0 text-accent" />
          <div>
            <p className="font-serif text-lg">{words('ledger.nothing')}</p>
            <p className="read-measure mt-1 text-sm text-soft">{words('ledger.nothingLead')}</p>
          </div>
        </div>
      )}
      {empty && filtered && (
        <p role="status" className="mt-6 text-sm text-soft">
          {words('ledger.noneFound')}
        </p>
      )}
      {!empty && sums.isError && <Problem error={sums.error} retry={() => void sums.refetch()} />}
      {!empty && sums.data && sums.data.length > 0 && (
        <>
          {!filtered && !sums.data.some(leaves) && (
            <p className="mt-6 flex gap-2 text-sm">
              <ShieldCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-accent" />
              {words('ledger.onlyHere')}
            </p>
          )}
          <LedgerSums sums={sums.data} />
        </>
      )}
      {!empty && rows.data && (
        <Section title={words('ledger.rows')}>
          <ul
            aria-label={words('ledger.rows')}
            className={`mt-3 divide-y divide-line border-y border-line ${rows.isPlaceholderData ? 'opacity-60' : ''}`}
          >
            {rows.data.entries.map(entry => (
              <LedgerRow
                key={entry.id}
                entry={entry}
                project={projects.data?.find(({ id }) => id === entry.projectId)?.name}
              />
            ))}
          </ul>
          <Pager
            from={from}
            shown={rows.data.entries.length}
            total={Math.max(total, from + rows.data.entries.length)}
            previous={starts.length > 1 ? () => setStarts(starts.slice(0, -1)) : null}
            next={rows.data.next ? () => setStarts([...starts, rows.data.next]) : null}
          />
        </Section>
      )}
    </Page>
  )
}

/** Connections of the database's own driver are named without bytes. */
function leaves({ host, purpose, sent }: ApiLedgerSum): boolean {
  return !isLoopback(host) && (sent > 0 || purpose === 'database' || purpose === 'cache' || purpose === 'blob-store')
}

function beginOf(period: Period): number {
  const now = new Date()
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime()
  return today - periods[period] * day
}

/** The whole of what is filtered, as a file. */
function Exports({ filter }: { filter: LedgerFilter }) {
  const words = useWords()
  const address = (format: string) => {
    const query = new URLSearchParams({ format })
    for (const [name, value] of Object.entries(filter)) query.set(name, String(value))
    return `/api/v1/ledger/export?${query}`
  }
  return (
    <>
      {(['csv', 'jsonl'] as const).map(format => (
        <a key={format} download href={address(format)} className={buttonLook('plain')}>
          <Download aria-hidden className="size-4" />
          {words(`ledger.${format}`)}
        </a>
      ))}
    </>
  )
}

function HostFilter({ host, find }: { host: string; find(host: string): void }) {
  const words = useWords()
  const id = useId()
  return (
    <div className="grow basis-full">
      <label htmlFor={id} className="sr-only">
        {words('ledger.find')}
      </label>
      <input
        id={id}
        type="search"
        maxLength={253}
        value={host}
        placeholder={words('ledger.find')}
        onChange={event => find(event.target.value)}
        className={fieldLook}
      />
    </div>
  )
}

function Choice<T extends string>({
  label,
  all,
  value,
  options,
  choose,
}: {
  label: string
  /** What it is called where nothing is chosen. */
  all: string
  value: T | null
  options: readonly { value: T; label: string }[]
  choose(value: T | null): void
}) {
  return (
    <Select
      label={label}
      hideLabel
      value={value ?? ''}
      options={[{ value: '', label: all }, ...options]}
      choose={next => choose(next === '' ? null : (next as T))}
    />
  )
}
