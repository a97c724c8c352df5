import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { ApiVectorIndex } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { timeLeft } from '../library/progress.ts'
import { Bar } from '../parts/bar.tsx'
import { Button } from '../parts/button.tsx'
import { read } from '../queries.ts'
import { useWords } from '../words.tsx'
import { modelName } from './facts.ts'
import { canTakeOver } from './installed-list.tsx'
import { useModelActions } from './use-models.ts'

/**
 * What finds passages of this project by their meaning. While the index of another model is built beside it: how far that
 * is, and how to stay with the one before. `quiet`: says nothing where nothing is being built.
 */
export function IndexStatus({ quiet = false }: { quiet?: boolean }) {
  const words = useWords()
  const { client } = useApp()
  const project = useProject()
  const { data } = useQuery(read.index(client, project.id))
  const { data: known } = useQuery(read.allModels(client, project.id))
  const actions = useModelActions()
  const left = useTimeLeft(data?.building ?? null)
  if (!data) return null
  const { searched, building, trouble } = data
  if (!building)
    return quiet ? null : (
      <p className="text-sm text-soft">
        {searched ? words('index.searched', { model: nameOf(searched) }) : words('index.none')}{' '}
        {searched && searched.share < 1 && searched.share > 0 && percent(searched.share, words.language)}
        {searched && trouble && ` ${words.explain(trouble)}`}
      </p>
    )
  const before = known?.models.find(({ name }) => name === searched?.file)
  const back = before && canTakeOver(before, known?.models ?? []) ? before : undefined
  const time = timeLeft(left, words)
  return (
    <section
      aria-label={words('index.title')}
      data-index
      className="mt-6 rounded-2xl border border-accent bg-surface px-5 py-4"
    >
      <h2 className="font-medium">{words('index.building', { model: nameOf(building) })}</h2>
      <p className="mt-1 text-sm text-soft">
        {searched ? words('index.beside', { model: nameOf(searched) }) : words('index.first')}
      </p>
      <div className="mt-3">
        <Bar label={words('index.title')} share={building.share} />
      </div>
      <div className="mt-2 flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
        <p className="text-sm">
          {building.share >= 1
            ? words('index.others')
            : words('index.share', { share: percent(building.share, words.language) })}
          {building.share < 1 && time && `, ${time}`}
        </p>
        {back && (
          <Button onClick={() => void actions.use(back)}>{words('index.stay', { model: modelName(back.name) })}</Button>
        )}
      </div>
      {trouble && <p className="mt-2 text-sm text-danger">{words.explain(trouble)}</p>}
      {searched && !back && <p className="mt-2 text-xs text-soft">{words('index.cannotStay')}</p>}
    </section>
  )
}

/** As the list of models has it. */
function nameOf({ model, file }: ApiVectorIndex): string {
  return modelName(file ?? model)
}

function percent(share: number, language: string): string {
  return new Intl.NumberFormat(language, { style: 'percent' }).format(Math.floor(share * 100) / 100)
}

/** Seconds, at the pace since this was first looked at; null until that can be told. */
function useTimeLeft(building: { model: string; share: number } | null): number | null {
  const [begin, setBegin] = useState<{ model: string; share: number; at: number } | null>(null)
  const model = building?.model
  const share = building?.share ?? 0
  useEffect(() => {
    if (model === undefined) return setBegin(null)
    setBegin(before => (before?.model === model && before.share <= share ? before : { model, share, at: Date.now() }))
  }, [model, share])
  if (!begin || share - begin.share < 0.01) return null
  return Math.round(((Date.now() - begin.at) / 1000 / (share - begin.share)) * (1 - share))
}
