import { useQuery } from '@tanstack/react-query'
import { useApp } from '../app-context.ts'
import { Button } from '../parts/button.tsx'
import { Loading, Problem, sentenceOf } from '../parts/problem.tsx'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'
import { administrationReads } from './administration-reads.ts'

/** Work in the background: how much there is, and what was given up. */
export function WorkPart() {
  const words = useWords()
  const { client, toasts } = useApp()
  const query = useQuery(administrationReads.jobs(client))
  const retry = async (jobId: string) => {
    try {
      await client.administration.retryJob({ jobId })
      toasts.show(words('administration.retried'))
    } catch (error) {
      toasts.show(sentenceOf(error, words))
    }
    void query.refetch()
  }
  const figure = (value: number | null) => (value === null ? words('administration.jobsUnknown') : words.number(value))
  return (
    <>
      <Section title={words('administration.jobs')}>
        {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
        {query.isPending && <Loading />}
        {query.data?.backupTrouble && (
          <p role="alert" className="mt-4 rounded-xl bg-danger-soft px-4 py-3 text-sm text-ink">
            {words('administration.backupTrouble', {
              date: words.instant(query.data.backupTrouble.at),
              reason: words.explain(query.data.backupTrouble.reason),
            })}
          </p>
        )}
        {query.data && (
          <dl className="mt-4 grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-4">
            <div>
              <dt className="text-xs text-soft">{words('administration.jobsOpen')}</dt>
              <dd className="text-lg tabular-nums">{figure(query.data.open)}</dd>
            </div>
            <div>
              <dt className="text-xs text-soft">{words('administration.jobsDead')}</dt>
              <dd className="text-lg tabular-nums">{figure(query.data.dead)}</dd>
            </div>
          </dl>
        )}
      </Section>
      <Section title={words('administration.failures')}>
        {query.data?.failures.length === 0 && (
          <p className="mt-3 text-sm text-soft">{words('administration.failuresNone')}</p>
        )}
        {query.data && query.data.failures.length > 0 && (
          <ul aria-label={words('administration.failures')} className="mt-4 divide-y divide-line border-y border-line">
            {query.data.failures.map(({ id, kind, error, diedAt }) => (
              <li key={id} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 py-2.5 text-sm">
                <span className="min-w-0 grow basis-64 wrap-anywhere">
                  <span className="font-mono">{kind}</span>
                  <span className="ml-2 text-soft">
                    {words('administration.givenUpAt', { date: words.instant(diedAt) })}
                  </span>
                  <span className="line-clamp-3 block text-soft">{error}</span>
                </span>
                <Button onClick={() => void retry(id)}>
                  {words('administration.retry')}
                  <span className="sr-only">{kind}</span>
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Section>
    </>
  )
}
