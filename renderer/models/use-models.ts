import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { ApiModel, ApiOffer } from '../../shared/api/index.ts'
import { useApp, useProject } from '../app-context.ts'
import { sentenceOf } from '../parts/problem.tsx'
import { placeDownload, read } from '../queries.ts'
import { useWords } from '../words.tsx'

export const downloadId = (name: string) => `download-${name}`

/** What can be done with models, each with a word about how it went. */
export function useModelActions() {
  const words = useWords()
  const { client, queries, toasts } = useApp()

  const run = async (act: () => Promise<string | undefined>) => {
    try {
      const said = await act()
      if (said) toasts.show(said)
    } catch (thrown) {
      toasts.show(sentenceOf(thrown, words))
    }
    for (const key of ['models', 'catalog', 'index', 'downloads']) void queries.invalidateQueries({ queryKey: [key] })
  }
  return {
    /** Whoever asked for it stands, with the keyboard, where its progress is. */
    get: ({ id }: Pick<ApiOffer, 'id'>) =>
      run(async () => {
        const started = await client.downloads.start({ source: id })
        placeDownload(queries, started.name, started)
        setTimeout(() => document.getElementById(downloadId(started.name))?.focus(), 50)
        return undefined
      }),
    use: ({ name, role }: Pick<ApiModel, 'name' | 'role'>) =>
      run(async () => {
        await client.models.use({ name })
        return words(
          role === 'chat' ? 'models.used' : role === 'embedding' ? 'models.usedMeaning' : 'models.usedRanks',
          {
            name,
          },
        )
      }),
    verify: ({ name }: ApiModel) =>
      run(async () => {
        const { state } = await client.models.verify({ name })
        return words(`models.${state}`, { name })
      }),
    remove: ({ name }: ApiModel) =>
      run(async () => {
        await client.models.remove({ name })
        return words('models.removed', { name })
      }),
    download: (verb: 'pause' | 'resume' | 'cancel', name: string) =>
      run(async () => {
        const now = await client.downloads[verb]({ name })
        placeDownload(queries, name, now ?? null)
        return verb === 'cancel' ? words('models.cancelled', { name }) : undefined
      }),
  }
}

export type ModelActions = ReturnType<typeof useModelActions>

/** Downloads that are under way or stopped; says so when one has become a model. */
export function useDownloads() {
  const words = useWords()
  const { client, toasts } = useApp()
  const project = useProject()
  const query = useQuery(read.downloads(client))
  const { data } = useQuery(read.allModels(client, project.id))
  const before = useRef<ReadonlySet<string>>(new Set())
  const downloads = query.data
  useEffect(() => {
    if (!downloads || !data) return
    const now = new Set(downloads.map(({ name }) => name))
    const arrived = [...before.current].filter(name => !now.has(name) && data.models.some(model => model.name === name))
    for (const name of arrived) toasts.show(words('models.fetched', { name }))
    // Those that are gone from the one list and not yet in the other are asked for again.
    const missing = [...before.current].filter(name => !now.has(name) && !arrived.includes(name))
    before.current = new Set([...now, ...missing])
  }, [downloads, data, toasts, words])
  return query
}
