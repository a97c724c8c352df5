import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiUsageDay } from '../../shared/api/index.ts'
import { useApp } from '../app-context.ts'
import { Select } from '../parts/field.tsx'
import { Loading, Problem } from '../parts/problem.tsx'
import { Section } from '../parts/section.tsx'
import { type Key, useWords } from '../words.tsx'
import { administrationReads } from './administration-reads.ts'
import { figuresOf, type Measure } from './days.ts'

const measures: readonly Measure[] = ['questions', 'users', 'files', 'bytes', 'tokens']
const shownDays = 30

/** What was used day by day, and what is stored. */
export function UsePart() {
  const words = useWords()
  const { client } = useApp()
  const usage = useQuery(administrationReads.usage(client))
  const storage = useQuery(administrationReads.storage(client))
  const [measure, setMeasure] = useState<Measure>('questions')
  const stored: readonly (readonly [Key, number, 'size' | 'number'])[] = storage.data
    ? [
        ['administration.storageUsers', storage.data.users, 'number'],
        ['administration.storageProjects', storage.data.projects, 'number'],
        ['administration.storageDocuments', storage.data.documents, 'number'],
        ['administration.storageBytes', storage.data.bytes, 'size'],
        ['administration.storageFiles', storage.data.files, 'number'],
        ['administration.storageFileBytes', storage.data.fileBytes, 'size'],
        ['administration.storageChunks', storage.data.chunks, 'number'],
      ]
    : []
  return (
    <>
      <Section
        title={words('administration.usage')}
        actions={
          <Select
            label={words('administration.measure')}
            value={measure}
            options={measures.map(value => ({ value, label: words(`administration.measures.${value}`) }))}
            choose={value => setMeasure(value as Measure)}
          />
        }
      >
        {usage.isError && <Problem error={usage.error} retry={() => void usage.refetch()} />}
        {usage.isPending && <Loading />}
        {usage.data && <Days days={usage.data} measure={measure} />}
      </Section>
      <Section title={words('administration.storage')}>
        {storage.isError && <Problem error={storage.error} retry={() => void storage.refetch()} />}
        {storage.isPending && <Loading />}
        {storage.data && (
          <dl className="mt-4 grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-4">
            {stored.map(([label, value, kind]) => (
              <div key={label}>
                <dt className="text-xs text-soft">{words(label)}</dt>
                <dd className="text-lg tabular-nums">{kind === 'size' ? words.size(value) : words.number(value)}</dd>
              </div>
            ))}
          </dl>
        )}
      </Section>
    </>
  )
}

/** A bar for each day; each says its figure to whoever points at it, and to a screen reader. */
function Days({ days, measure }: { days: readonly ApiUsageDay[]; measure: Measure }) {
  const words = useWords()
  const figures = figuresOf(days, measure, { now: Date.now(), count: shownDays })
  const most = Math.max(0, ...figures.map(({ value }) => value))
  const sum = figures.reduce((all, { value }) => all + value, 0)
  const written = (value: number) => (measure === 'bytes' ? words.size(value) : words.number(value))
  const first = figures[0]
  const last = figures.at(-1)
  if (sum === 0) return <p className="mt-4 text-sm text-soft">{words('administration.usageNone')}</p>
  return (
    <>
      <ol
        aria-label={words(`administration.measures.${measure}`)}
        className="mt-5 flex h-32 items-end gap-0.5 border-b border-edge/60 sm:gap-1"
      >
        {figures.map(({ at, value }) => {
          const said = words('administration.dayFigure', { date: words.date(at), figure: written(value) })
          return (
            <li key={at} title={said} className="flex h-full min-w-0 grow basis-0 items-end">
              <span className="sr-only">{said}</span>
              <span
                aria-hidden
                className="w-full rounded-t-xs bg-accent"
                // A day with anything at all is seen.
                style={{ height: value === 0 ? 0 : `max(2px, ${(100 * value) / most}%)` }}
              />
            </li>
          )
        })}
      </ol>
      <p aria-hidden className="mt-1.5 flex justify-between text-xs text-soft tabular-nums">
        <span>{first && words.date(first.at)}</span>
        <span>{last && words.date(last.at)}</span>
      </p>
      {measure !== 'users' && (
        <p className="mt-3 text-sm text-soft">
          {words('administration.sum', { figure: written(sum) })} ·{' '}
          {words('administration.most', { figure: written(most) })}
        </p>
      )}
      {measure === 'users' && (
        <p className="mt-3 text-sm text-soft">{words('administration.most', { figure: written(most) })}</p>
      )}
    </>
  )
}
