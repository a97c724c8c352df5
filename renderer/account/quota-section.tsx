import { useQuery } from '@tanstack/react-query'
import { useApp } from '../app-context.ts'
import { Bar } from '../parts/bar.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { Section } from '../parts/section.tsx'
import { useWords } from '../words.tsx'

/** What one may use, and has used. */
export function QuotaSection() {
  const words = useWords()
  const { client } = useApp()
  const query = useQuery({
    queryKey: ['account', 'quota'],
    queryFn: ({ signal }) => client.quotas.get(undefined, { signal }),
    staleTime: 0,
  })
  return (
    <Section title={words('quota.title')} lead={words('quota.lead')}>
      {query.isError && <Problem error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Loading />}
      {query.data && (
        <dl className="mt-3 grid max-w-xl gap-4 text-sm">
          {(['files', 'bytes', 'questions'] as const).map(what => {
            const limit = query.data.quota[what]
            const used = query.data.used[what]
            const written = (value: number) => (what === 'bytes' ? words.size(value) : words.number(value))
            const label = words(`quota.${what}`)
            return (
              <div key={what} className="grid grid-cols-[1fr_auto] gap-x-4">
                <dt>{label}</dt>
                <dd className="text-soft tabular-nums">
                  {limit === null
                    ? words('quota.free', { used: written(used) })
                    : words('quota.of', { used: written(used), limit: written(limit) })}
                </dd>
                {limit !== null && (
                  <dd className="col-span-2 mt-1.5">
                    <Bar label={label} share={limit === 0 ? 1 : used / limit} quiet={used < limit} />
                  </dd>
                )}
              </div>
            )
          })}
        </dl>
      )}
    </Section>
  )
}
